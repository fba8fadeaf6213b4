"""Reference implementations of all kernels: plain float64 NumPy, as simple as possible."""

"""The obviously right versions, in plain float64 NumPy: what every kernel is checked against."""

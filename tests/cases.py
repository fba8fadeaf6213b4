"""The shapes that tests and benchmarks share: one table per family, every case with a name.

Corner cases come first; the rows named after a network are layers of real ones.
"""

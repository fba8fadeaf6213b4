"""Tensors, the tape for reverse-mode differentiation, and plans that replay recorded kernel calls."""

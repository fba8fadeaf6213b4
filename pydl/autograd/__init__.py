"""Tensors, the tape that goes back over them, and plans that replay what it recorded."""

"""Training: batches, the training step, and the loops over batches."""

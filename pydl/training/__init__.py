"""From data to updated weights: batches, one step, the loops over them."""

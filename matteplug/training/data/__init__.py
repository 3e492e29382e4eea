"""Training data: what a recipe requires, where scenes come from, and the stream of batches."""

"""A user's package with a small PyTorch network."""

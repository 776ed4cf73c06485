"""Train one model and export it to every format."""

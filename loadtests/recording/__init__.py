"""What a load test writes: raw rows, and the summary of each window; files are written whole or not at all."""

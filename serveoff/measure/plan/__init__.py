"""What a run will do, before it starts: which deployments, loads and repeats, in which order."""

"""What a run is on disk: results, usage, vocabulary."""

"""What a run says beyond its ranking: one module per question, computed from the judged points."""

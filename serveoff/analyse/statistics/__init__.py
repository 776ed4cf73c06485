"""Intervals and tests: resampling, drift, few repeats; knows nothing of servers."""

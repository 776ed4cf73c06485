"""Benchmarks of our own parts: run by hand, never a test's pass condition."""

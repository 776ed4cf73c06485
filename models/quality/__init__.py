"""Precision against quality: what an artifact can be computed in, and labelled samples to judge the answers by."""

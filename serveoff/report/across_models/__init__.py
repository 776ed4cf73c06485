"""A summary across models: one run each, and at which cost of a model its server stops mattering.

What it says is computed by serveoff.analyse.across_models; store.py has the folder of a summary, beside those of the
runs; the rest is rendering.
"""

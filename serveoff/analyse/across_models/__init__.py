"""Runs of several models side by side: where the server stops mattering."""

"""Serve one artifact: a folder per server."""

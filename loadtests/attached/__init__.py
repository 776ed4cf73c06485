"""Endpoints that run already, wherever and in whatever format: nothing is known of them but an address and samples."""

"""Connections to attached endpoints, a module for each protocol, found by its name."""

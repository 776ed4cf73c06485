"""Photographs to try image models with, and images as files: JPEG and PNG, written and read."""

JPEG, PNG = "image/jpeg", "image/png"
TYPES = (JPEG, PNG)
"""The media types of the files that are read."""

"""Photographs to try image models with, and images as files: JPEG and PNG, written and read."""

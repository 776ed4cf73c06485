"""Endpoints that already run: where they are, what they are asked, and the care for what is not ours."""

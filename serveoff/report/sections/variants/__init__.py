"""Sections on variants: deployments once more, with another setting or in a lower precision."""

"""Bring your own model: a trained model in a file becomes a model like those of the zoo."""

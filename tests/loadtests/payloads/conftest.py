"""TensorFlow judges our messages here: set up as servers have it, since a process can be set up only once."""

from serveoff.models.frameworks.tensorflow_setup import configure

configure(threads=1, device="cpu")

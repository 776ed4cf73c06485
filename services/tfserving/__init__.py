"""TensorFlow Serving, or on a machine without it the embedded model server that stands in for it."""

import shutil

BINARY = "tensorflow_model_server"
"""The name of TensorFlow Serving's program, looked for on PATH."""


def server_id() -> str:
    """`tfserving` where its program is on PATH, else `tfserving-embedded`. Imports no TensorFlow.

    A report never calls the figures of the second by the name of the first.
    """
    return "tfserving" if shutil.which(BINARY) else "tfserving-embedded"

"""TensorFlow, quiet and set up: import it from here, since its log level is read when it is first imported."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow

__all__ = ["configure", "tensorflow"]

tensorflow.get_logger().setLevel("ERROR")


def configure(threads: int, device: str) -> None:
    """Set the process's intra-op threads and hide GPUs if the device is `cpu`; before the first operation."""
    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    if device == "cpu":
        tensorflow.config.set_visible_devices([], "GPU")

"""TensorFlow's devices and threads, for its three formats."""

import tensorflow as tf


def has_gpu() -> bool:
    """Whether TensorFlow sees a GPU; asking does not start the device."""
    return bool(tf.config.list_physical_devices("GPU"))


def limit_inter_op_threads() -> None:
    """One thread between operations: requests run beside one another by the server's threads, if at all."""
    tf.config.threading.set_inter_op_parallelism_threads(1)

"""Rows that come as bytes: what a graph puts before the model, so that TensorFlow Serving takes base64 and bytes.

In JSON, TensorFlow Serving reads `{"b64": "..."}` as the value of a string tensor, and of no other:
https://www.tensorflow.org/tfx/serving/api_rest#encoding_binary_values
"""

from typing import Any

from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.spec import TensorSpec


def decode_rows(strings: Any, tensor: TensorSpec) -> Any:
    """Rows (n, *row_shape) of a string tensor (n,): each string is one row, little-endian and row-major.

    A boolean is a byte, 0 or another. Run on a string of another length it is an InvalidArgumentError: one row cannot
    pass for two, nor two halves for one.
    """
    is_bool = tensor.dtype == "bool"
    numbers = tf.io.decode_raw(strings, "uint8" if is_bool else tensor.dtype, little_endian=True)
    rows = tf.reshape(numbers, [tf.shape(strings)[0], *tensor.row_shape])
    return tf.not_equal(rows, tf.zeros([], tf.uint8)) if is_bool else rows

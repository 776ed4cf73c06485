"""Rows that come as bytes or as image files: what a graph puts before the model, by TensorFlow's own operations.

In JSON, TensorFlow Serving reads `{"b64": "..."}` as the value of a string tensor, and of no other:
https://www.tensorflow.org/tfx/serving/api_rest#encoding_binary_values
"""

from typing import Any

from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.spec import TensorSpec

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
PNG_SIZE = 16
"""Where a PNG file says its width and height, as two big-endian 32-bit numbers: https://www.w3.org/TR/png/#11IHDR."""
COLOURS = 3


def decode_rows(strings: Any, tensor: TensorSpec) -> Any:
    """Rows (n, *row_shape) of a string tensor (n,): each string is one row, little-endian and row-major.

    A boolean is a byte, 0 or another. Run on a string of another length it is an InvalidArgumentError: one row cannot
    pass for two, nor two halves for one.
    """
    is_bool = tensor.dtype == "bool"
    numbers = tf.io.decode_raw(strings, "uint8" if is_bool else tensor.dtype, little_endian=True)
    rows = tf.reshape(numbers, [tf.shape(strings)[0], *tensor.row_shape])
    return tf.not_equal(rows, tf.zeros([], tf.uint8)) if is_bool else rows


def of_shape(rows: Any, tensor: TensorSpec) -> Any:
    """The same rows, checked in the graph: a server may feed any shape, and oneDNN ends the process on a wrong rank."""
    return tf.ensure_shape(rows, [None, *tensor.row_shape])


def decode_images(strings: Any, tensor: TensorSpec) -> Any:
    """Rows (n, height, width, 3) of a string tensor (n,): each string is a JPEG or PNG file of that size.

    Pixels keep their levels, 0 to 255, in the tensor's dtype. Run on anything else it is an InvalidArgumentError, and a
    file of another size is one before its pixels are decoded.
    """
    height, width, _ = tensor.row_shape
    signature = tf.TensorSpec([height, width, COLOURS], tf.uint8)
    pixels = tf.map_fn(lambda data: _decode(data, height, width), strings, fn_output_signature=signature)
    return tf.cast(pixels, tensor.dtype)


def _decode(data: Any, height: int, width: int) -> Any:
    """One file; `decode_jpeg` reads PNG, too, and can be told to decode exactly (serveoff.models.images.codec)."""
    size = tf.cond(tf.io.is_jpeg(data), lambda: tf.io.extract_jpeg_shape(data)[:2], lambda: _png_size(data))
    wrong = f"the image has another size: the model takes {width}x{height}; found height and width:"
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(tf.equal(size, [height, width])), [wrong, size])]):
        checked = tf.identity(data)
    pixels = tf.io.decode_jpeg(checked, channels=COLOURS, dct_method="INTEGER_ACCURATE")
    return tf.ensure_shape(pixels, [height, width, COLOURS])


def _png_size(data: Any) -> Any:
    """Height and width, (2,) int32."""
    is_png = tf.equal(tf.strings.substr(data, 0, len(PNG_HEAD)), PNG_HEAD)
    with tf.control_dependencies([tf.debugging.Assert(is_png, ["the bytes are neither a JPEG nor a PNG file"])]):
        head = tf.strings.substr(data, PNG_SIZE, 8)
    return tf.io.decode_raw(head, tf.int32, little_endian=False)[::-1]

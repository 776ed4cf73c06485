"""TensorProto to numpy and back, without TensorFlow's general and slow conversions where a copy will do."""

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from serveoff.services.predict_v1 import quoted
from serveoff.services.tfserving.embedded.errors import invalid_argument
from serveoff.services.tfserving.embedded.signatures import Array

LARGEST_ELEMENTS = 2**28
"""A few bytes can announce any shape; more elements than this are refused before anything is allocated."""
LARGEST_FILLED = 2**22
"""The same of a tensor whose last value stands for all that follow."""

VALUE_FIELDS = {
    types_pb2.DT_FLOAT: "float_val",
    types_pb2.DT_DOUBLE: "double_val",
    types_pb2.DT_INT8: "int_val",
    types_pb2.DT_INT16: "int_val",
    types_pb2.DT_INT32: "int_val",
    types_pb2.DT_UINT8: "int_val",
    types_pb2.DT_UINT16: "int_val",
    types_pb2.DT_INT64: "int64_val",
    types_pb2.DT_UINT32: "uint32_val",
    types_pb2.DT_UINT64: "uint64_val",
    types_pb2.DT_BOOL: "bool_val",
    types_pb2.DT_STRING: "string_val",
}


def from_proto(alias: str, proto: Any) -> Array:
    """Read a TensorProto, raw bytes or typed values; ServingError where they do not fit its shape."""
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    try:
        _check_size(proto.tensor_shape.unknown_rank, shape)
        if proto.tensor_content and proto.dtype != types_pb2.DT_STRING:
            dtype = tf.dtypes.as_dtype(proto.dtype).as_numpy_dtype
            return np.frombuffer(proto.tensor_content, dtype=dtype).reshape(shape)
        _check_filled(proto, shape)
        return np.asarray(tf.make_ndarray(proto))
    except (ValueError, TypeError, KeyError) as error:  # of a type that NumPy has not
        raise invalid_argument(f"tensor parsing error: {quoted(alias)} ({quoted(str(error))})") from None


def to_proto(array: Array, proto: Any) -> None:
    """Fill a TensorProto with typed values (`float_val` ...), as TensorFlow Serving answers by default."""
    array = np.asarray(array)
    dtype = types_pb2.DT_STRING if array.dtype == object else tf.dtypes.as_dtype(array.dtype).as_datatype_enum
    name = VALUE_FIELDS.get(dtype)
    if name is None:
        proto.CopyFrom(tf.make_tensor_proto(array))
        return
    proto.dtype = dtype
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    getattr(proto, name).extend(array.ravel().tolist())


def _check_size(unknown_rank: bool, shape: tuple[int, ...]) -> None:
    if unknown_rank or min(shape, default=0) < 0 or np.prod(shape, dtype=float) > LARGEST_ELEMENTS:
        raise ValueError(f"its shape is {'unknown' if unknown_rank else list(shape)}")


def _check_filled(proto: Any, shape: tuple[int, ...]) -> None:
    own = VALUE_FIELDS.get(proto.dtype, "half_val")
    values = len(getattr(proto, own))
    if values < (elements := int(np.prod(shape, dtype=float))) and elements > LARGEST_FILLED:
        raise ValueError(f"its shape is {list(shape)}, and it has {values} values")

"""TensorProto to numpy and back, without TensorFlow's general and slow conversions where a copy will do."""

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from serveoff.services.predict_v1 import quoted
from serveoff.services.tfserving.embedded.errors import ServingError, invalid_argument
from serveoff.services.tfserving.embedded.signatures import Array, TensorInfo, check_shape

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


def type_name(dtype: int) -> str:
    """`float` of DT_FLOAT; ValueError for a number that stands for no type."""
    return str(types_pb2.DataType.Name(dtype)).removeprefix("DT_").lower()


def check_announced(alias: str, proto: Any, info: TensorInfo) -> None:
    """ServingError where a TensorProto's type or shape is not its signature's: for that its values need not be read.

    One value stands for all that follow, so a few bytes can make a large array.
    """
    shape = _shape(proto)
    try:
        _check_size(proto.tensor_shape.unknown_rank, shape)
        given = type_name(proto.dtype)
    except ValueError as error:
        raise _no_tensor(alias, error) from None
    if given != info.dtype:
        raise invalid_argument(f"Expects input {alias} to be {info.dtype} but {given} is provided")
    check_shape(alias, info, shape)


def from_proto(alias: str, proto: Any) -> Array:
    """Read a TensorProto, raw bytes or typed values; ServingError where they do not fit its shape."""
    shape = _shape(proto)
    try:
        _check_size(proto.tensor_shape.unknown_rank, shape)
        if proto.tensor_content and proto.dtype != types_pb2.DT_STRING:
            dtype = tf.dtypes.as_dtype(proto.dtype).as_numpy_dtype
            return np.frombuffer(proto.tensor_content, dtype=dtype).reshape(shape)
        _check_filled(proto, shape)
        return np.asarray(tf.make_ndarray(proto))
    except (ValueError, TypeError, KeyError) as error:  # of a type that NumPy has not
        raise _no_tensor(alias, error) from None


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


def _shape(proto: Any) -> tuple[int, ...]:
    return tuple(dim.size for dim in proto.tensor_shape.dim)


def _no_tensor(alias: str, error: Exception) -> ServingError:
    return invalid_argument(f"tensor parsing error: {quoted(alias)} ({quoted(str(error))})")


def _check_size(unknown_rank: bool, shape: tuple[int, ...]) -> None:
    if unknown_rank or min(shape, default=0) < 0 or np.prod(shape, dtype=float) > LARGEST_ELEMENTS:
        raise ValueError(f"its shape is {'unknown' if unknown_rank else list(shape)}")


def _check_filled(proto: Any, shape: tuple[int, ...]) -> None:
    own = VALUE_FIELDS.get(proto.dtype, "half_val")
    values = len(getattr(proto, own))
    if values < (elements := int(np.prod(shape, dtype=float))) and elements > LARGEST_FILLED:
        raise ValueError(f"its shape is {list(shape)}, and it has {values} values")

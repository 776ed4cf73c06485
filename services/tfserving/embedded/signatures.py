"""Signatures: what a servable takes and gives, free of TensorFlow so that requests are checked without it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from serveoff.services.predict_v1 import quoted
from serveoff.services.tfserving.embedded.errors import invalid_argument

Array = npt.NDArray[Any]
Tensors = dict[str, Array]
"""Arrays by the alias that the signature gives them. Strings are object arrays of bytes."""

PREDICT = "tensorflow/serving/predict"
CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"
DEFAULT_SIGNATURE = "serving_default"

NUMPY_TYPES: Mapping[str, type] = {
    "float": np.float32,
    "double": np.float64,
    "half": np.float16,
    "int8": np.int8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
    "uint8": np.uint8,
    "uint16": np.uint16,
    "uint32": np.uint32,
    "uint64": np.uint64,
    "bool": np.bool_,
    "string": np.object_,
}
"""By the name that TensorFlow's DataTypeString gives."""


@dataclass(frozen=True)
class TensorInfo:
    """One tensor of a signature: its name in the graph, type name, and shape (-1: any; None: unknown rank)."""

    name: str
    dtype: str
    shape: tuple[int, ...] | None


@dataclass(frozen=True)
class Signature:
    """One SignatureDef: `method` is tensorflow/serving/predict, classify or regress (or empty)."""

    name: str
    method: str
    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]
    checks_method: bool = False
    """Whether a call must fit `method`: --enable_signature_method_name_check."""


def check_shape(alias: str, info: TensorInfo, shape: tuple[int, ...]) -> None:
    """ServingError where a tensor's shape contradicts the signature: oneDNN aborts on a tensor of the wrong rank.

    A column of scalars may leave out its last dimension, (n,) for (-1, 1), and a single one both: TensorFlow Serving's
    own examples and test client do.
    """
    if info.shape is None or (len(shape) < 2 and info.shape == (-1, 1)):
        return
    fits = len(shape) == len(info.shape) and all(want in (-1, got) for want, got in zip(info.shape, shape, strict=True))
    if not fits:
        given, wanted = quoted(shape_text(shape)), shape_text(info.shape)
        raise invalid_argument(f"Tensor shape {given} of input {alias} does not fit the signature's {wanted}")


def shape_text(shape: tuple[int, ...]) -> str:
    """`[1,28,28,1]`, as TensorFlow Serving prints it."""
    return "[" + ",".join(map(str, shape)) + "]"

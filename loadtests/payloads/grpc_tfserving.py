"""TF Serving's `PredictionService/Predict`, each input's bytes in `tensor_content` as `tf.make_tensor_proto` writes it.

Field numbers: tensorflow_serving/apis/predict.proto and model.proto, google/protobuf/wrappers.proto,
tensorflow/core/framework/tensor.proto; numbers of dtypes: types.proto beside it.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from serveoff.loadtests.payloads.arrays import from_bfloat16
from serveoff.models.protobuf_messages import build, parsed
from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.models.tensors import Array, Batch

kind = "tensor"
method = "/tensorflow.serving.PredictionService/Predict"

SIGNATURE = "serving_default"
DT_STRING = 7
DTYPES = {
    "float32": (1, "float_val"),
    "float64": (2, "double_val"),
    "int32": (3, "int_val"),
    "uint8": (4, "int_val"),
    "int16": (5, "int_val"),
    "int8": (6, "int_val"),
    "int64": (9, "int64_val"),
    "bool": (10, "bool_val"),
    "uint16": (17, "int_val"),
    "float16": (19, "half_val"),
    "uint32": (22, "uint32_val"),
    "uint64": (23, "uint64_val"),
}
"""Dtype to its number, and the field of an answer that may list its values one by one."""
DT_BFLOAT16 = 14
"""Read only, for numpy has no such dtype; like float16 it is listed as integers of the same bits."""

# An enum travels as an int32, so `dtype` needs no enum here.
_MESSAGES = build(
    "serveoff.tfserving",
    {
        "Int64Value": {"value": (1, "int64")},
        "ModelSpec": {
            "name": (1, "string"),
            "version": (2, "Int64Value"),
            "signature_name": (3, "string"),
            "version_label": (4, "string"),
        },
        "Dim": {"size": (1, "int64")},
        "TensorShapeProto": {"dim": (2, "Dim*")},
        "TensorProto": {
            "dtype": (1, "int32"),
            "tensor_shape": (2, "TensorShapeProto"),
            "tensor_content": (4, "bytes"),
            "float_val": (5, "float*"),
            "double_val": (6, "double*"),
            "int_val": (7, "int32*"),
            "string_val": (8, "bytes*"),
            "int64_val": (10, "int64*"),
            "bool_val": (11, "bool*"),
            "half_val": (13, "int32*"),
            "uint32_val": (16, "uint32*"),
            "uint64_val": (17, "uint64*"),
        },
        "PredictRequest": {"model_spec": (1, "ModelSpec"), "inputs": (2, "map<string,TensorProto>")},
        "PredictResponse": {"outputs": (1, "map<string,TensorProto>"), "model_spec": (2, "ModelSpec")},
    },
)


def encode(spec: ModelSpec, batch: Batch) -> bytes:
    """A serialised PredictRequest for the model's inputs and its default signature."""
    request = new_request(spec.name, SIGNATURE)
    for tensor in spec.inputs:
        fill_tensor(request.inputs[tensor.name], np.asarray(batch[tensor.name], tensor.dtype))
    data: bytes = request.SerializeToString(deterministic=True)
    return data


def decode(answer: bytes, rows: int, spec: ModelSpec) -> Batch:
    """The outputs of a serialised PredictResponse, whether sent as bytes or as lists of values."""
    response = parsed(_MESSAGES["PredictResponse"], answer)
    return {tensor.name: _read(response.outputs, tensor) for tensor in spec.outputs}


def new_request(model: str, signature: str) -> Any:
    """A PredictRequest without its inputs."""
    request: Any = _MESSAGES["PredictRequest"]()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    return request


def of_strings(model: str, signature: str, inputs: Mapping[str, Sequence[bytes]]) -> bytes:
    """A serialised PredictRequest whose inputs are columns of byte strings, one a row."""
    request = new_request(model, signature)
    for name, rows in inputs.items():
        fill_strings(request.inputs[name], rows, (len(rows),))
    data: bytes = request.SerializeToString(deterministic=True)
    return data


def fill_tensor(tensor: Any, array: Array) -> None:
    """Write an array into a TensorProto; ValueError for a dtype that it cannot be written as."""
    dtype = array.dtype.name
    if dtype not in DTYPES:
        raise ValueError(f"a TensorProto of {dtype} is none of {', '.join(DTYPES)}")
    tensor.dtype = DTYPES[dtype][0]
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()


def fill_strings(tensor: Any, values: Sequence[bytes], shape: Sequence[int]) -> None:
    """Write byte strings into a TensorProto of this shape."""
    tensor.dtype = DT_STRING
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.string_val.extend(values)


def outputs_of(answer: bytes) -> Batch:
    """Every output of a serialised PredictResponse, whatever model it is of; strings as an array of bytes objects."""
    response = parsed(_MESSAGES["PredictResponse"], answer)
    if not response.outputs:
        raise ValueError("the answer has no outputs")
    return {name: _tensor(name, response.outputs[name]) for name in sorted(response.outputs)}


def _tensor(name: str, found: Any) -> Array:
    shape = tuple(dim.size for dim in found.tensor_shape.dim)
    if found.dtype == DT_STRING:
        return _shaped(name, np.array(list(found.string_val), dtype=object), shape)
    if found.dtype == DT_BFLOAT16:
        return _shaped(name, from_bfloat16(_bits(found, math.prod(shape))), shape)
    dtype = next((dtype for dtype, (number, _) in DTYPES.items() if number == found.dtype), "")
    if not dtype:
        raise ValueError(f"{name} is of dtype {found.dtype}, which is none of {', '.join(DTYPES)}")
    return _shaped(name, _values(found, dtype, math.prod(shape)), shape)


def _shaped(name: str, values: Array, shape: tuple[int, ...]) -> Array:
    try:
        return values.reshape(shape)
    except ValueError:
        raise ValueError(f"{name} has {values.size} values, which are not of shape {shape}") from None


def _read(outputs: Any, tensor: TensorSpec) -> Array:
    """One output by its name; map fields make an entry where there is none, so that it is looked for first."""
    if tensor.name not in outputs:
        raise ValueError(f"the answer has no output {tensor.name}: it has {', '.join(sorted(outputs)) or 'none'}")
    found = outputs[tensor.name]
    number, _ = DTYPES[tensor.dtype]
    if found.dtype != number:
        raise ValueError(f"{tensor.name} is of dtype {found.dtype}, not {number} ({tensor.dtype})")
    return _tensor(tensor.name, found)


def _values(found: Any, dtype: str, count: int) -> Array:
    """As bytes, or listed one by one."""
    if dtype == "float16":
        return _bits(found, count).view(dtype)
    if found.tensor_content:
        values: Array = np.frombuffer(found.tensor_content, np.dtype(dtype).newbyteorder("<"))
    else:
        values = _listed(getattr(found, DTYPES[dtype][1]), count)
    return values.astype(dtype)


def _bits(found: Any, count: int) -> Array:
    """Of floats of 16 bits, each as an integer."""
    if found.tensor_content:
        return np.frombuffer(found.tensor_content, "<u2").astype(np.uint16)
    return _listed(found.half_val, count).astype(np.uint16)


def _listed(values: Any, count: int) -> Array:
    """TensorFlow leaves out trailing values that repeat the last one, or all where they are zero (tensor.proto)."""
    found = np.asarray(values)
    missing = count - len(found)
    if missing <= 0:
        return found
    return np.pad(found, (0, missing), mode="edge") if len(found) else np.zeros(count)

"""TF Serving's `PredictionService/Predict` with float32 bytes in `tensor_content`, as `tf.make_tensor_proto` writes it.

Field numbers: tensorflow_serving/apis/predict.proto and model.proto, tensorflow/core/framework/tensor.proto.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from loadtests.payloads import Batch
from loadtests.payloads.messages import build
from models.zoo import load_spec

kind = "tensor"
method = "/tensorflow.serving.PredictionService/Predict"

SIGNATURE = "serving_default"
DT_FLOAT = 1

# An enum travels as an int32, so `dtype` needs no enum here.
_MESSAGES = build(
    "serveoff.tfserving",
    {
        "ModelSpec": {"name": (1, "string"), "signature_name": (3, "string")},
        "Dim": {"size": (1, "int64")},
        "TensorShapeProto": {"dim": (2, "Dim*")},
        "TensorProto": {
            "dtype": (1, "int32"),
            "tensor_shape": (2, "TensorShapeProto"),
            "tensor_content": (4, "bytes"),
            "float_val": (5, "float*"),
            "string_val": (8, "bytes*"),
        },
        "PredictRequest": {"model_spec": (1, "ModelSpec"), "inputs": (2, "map<string,TensorProto>")},
        "PredictResponse": {"outputs": (1, "map<string,TensorProto>"), "model_spec": (2, "ModelSpec")},
    },
)


def encode(model: str, batch: Batch) -> bytes:
    """A serialised PredictRequest for the model's first input and its default signature."""
    request = new_request(model, SIGNATURE)
    fill_tensor(request.inputs[_input_name(model)], batch)
    data: bytes = request.SerializeToString(deterministic=True)
    return data


def decode(answer: bytes, rows: int = 1) -> Batch:
    """The first output of a serialised PredictResponse, whether sent as bytes or as a list of floats."""
    response: Any = _MESSAGES["PredictResponse"]()
    try:
        response.ParseFromString(answer)
    except DecodeError:
        raise ValueError(f"not a PredictResponse: {answer[:80]!r}") from None
    tensor = next(iter(response.outputs.values()), None)
    if tensor is None or tensor.dtype != DT_FLOAT:
        raise ValueError("the answer has no float32 output")
    shape = tuple(dim.size for dim in tensor.tensor_shape.dim)
    values = np.frombuffer(tensor.tensor_content, "<f4") if tensor.tensor_content else _floats(tensor, shape)
    return values.reshape(shape)


def new_request(model: str, signature: str) -> Any:
    """A PredictRequest without its inputs."""
    request: Any = _MESSAGES["PredictRequest"]()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    return request


def fill_tensor(tensor: Any, batch: Batch) -> None:
    """Write a float32 array into a TensorProto."""
    tensor.dtype = DT_FLOAT
    for size in batch.shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = np.ascontiguousarray(batch, dtype="<f4").tobytes()


def _floats(tensor: Any, shape: tuple[int, ...]) -> Batch:
    """TensorFlow leaves out the trailing values that repeat the last one (tensor.proto, `TensorProto`)."""
    values = np.asarray(tensor.float_val, dtype=np.float32)
    missing = math.prod(shape) - len(values)
    return np.pad(values, (0, missing), mode="edge") if missing > 0 and len(values) else values


@cache
def _input_name(model: str) -> str:
    return load_spec(model).inputs[0].name

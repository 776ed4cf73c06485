"""The signatures as TensorFlow Serving writes them, whatever the model's tensors are."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.services.flaskrest.metadata import metadata
from tests.services.two_tensors import NAME

TYPES = {
    "float32": "DT_FLOAT",
    "float64": "DT_DOUBLE",
    "float16": "DT_HALF",
    "int64": "DT_INT64",
    "int32": "DT_INT32",
    "uint8": "DT_UINT8",
    "bool": "DT_BOOL",
}


def info(dtype: str, name: str, *sizes: int) -> dict[str, Any]:
    dims = [{"size": str(size), "name": ""} for size in sizes]
    return {"dtype": dtype, "tensor_shape": {"dim": dims}, "name": f"{name}:0"}


def test_all_inputs_and_outputs_are_named(two_app: Flask) -> None:
    document = two_app.test_client().get(f"/v1/models/{NAME}/metadata").json
    signatures = document["metadata"]["signature_def"]["signature_def"]
    outputs = {"scaled": info("DT_FLOAT", "scaled", -1, 2, 2), "total": info("DT_INT64", "total", -1)}
    assert signatures["serving_default"] == {
        "inputs": {"prices": info("DT_FLOAT", "prices", -1, 2, 2), "tokens": info("DT_INT64", "tokens", -1, 3)},
        "outputs": outputs,
        "method_name": "tensorflow/serving/predict",
    }
    names = ("prices_bytes", "tokens_bytes")
    assert signatures["serving_bytes"]["inputs"] == {name: info("DT_STRING", name, -1) for name in names}
    assert signatures["serving_bytes"]["outputs"] == outputs


@pytest.mark.parametrize(("dtype", "name"), TYPES.items())
def test_types_have_tensorflows_names(dtype: str, name: str) -> None:
    """As protobuf's enum has them, which TensorFlow itself is asked for."""
    from tensorflow.dtypes import as_dtype  # imported late: it takes seconds

    tensor = TensorSpec(name="x", shape=(-1,), dtype=dtype)
    spec = ModelSpec(name="m", description="", inputs=(tensor,), outputs=(tensor,))
    document = metadata(spec, "m", 1)["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert document["inputs"]["x"]["dtype"] == name
    assert as_dtype(dtype).as_datatype_enum == _number(name)


def _number(name: str) -> int:
    from tensorflow.core.framework import types_pb2

    number: int = types_pb2.DataType.Value(name)
    return number

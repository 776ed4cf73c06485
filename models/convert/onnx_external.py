"""Weights of an ONNX graph that lie in files beside it, as ONNX asks for beyond protobuf's 2 GiB.

https://onnx.ai/onnx/repo-docs/ExternalData.html
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from serveoff.models.tensors import Array

MOST_BYTES = (2 << 30) - 1
"""Of a protobuf message, and so of a graph with all weights in it."""
ALIGNED = 4096
"""Bytes at whose multiples a weight begins, so that it can be mapped into memory."""
EMBEDDED_BYTES = 1 << 30
"""Weights up to here are written into the graph itself."""
FILE = "model.onnx_data"
_SMALL = {"INT4": 4, "UINT4": 4, "FLOAT4E2M1": 4, "INT2": 2, "UINT2": 2}
BITS = {number: _SMALL[name] for name, number in onnx.TensorProto.DataType.items() if name in _SMALL}
"""Of types of numbers that take a part of a byte."""


class NoWeights(ValueError):
    """The file that a graph names for its weights is not there, not whole, or not in the model's folder."""


def weights(graph: Any) -> Iterator[Any]:
    """All initializers, those of branches and loops too."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from weights(inner)


def external(model: Any) -> dict[str, Any]:
    """The initializers that lie in other files, by name."""
    return {weight.name: weight for weight in weights(model.graph) if weight.data_location == onnx.TensorProto.EXTERNAL}


def locations(model: Any, path: Path) -> set[Path]:
    """The files that are there of those that the initializers lie in; `path` is the graph's."""
    said = ({entry.key: entry.value for entry in weight.external_data} for weight in external(model).values())
    return {file for entries in said if (file := path.parent / entries.get("location", "")).is_file()}


def mapped(weight: Any, path: Path) -> Array:
    """An initializer's numbers, read from its file as they are needed; `path` is the graph's, by the name it was given.

    Of numbers that share bytes, the bytes. NoWeights where they are not there. A link to where the graph's own file is
    a link, too, is how hubs keep files.
    """
    said = {entry.key: entry.value for entry in weight.external_data}
    dtype, start, shape = (
        onnx.helper.tensor_dtype_to_np_dtype(weight.data_type),
        int(said.get("offset", 0)),
        tuple(weight.dims),
    )
    file = _beside(path, said.get("location", ""))
    if 0 in shape:
        return np.empty(shape, dtype)
    if weight.data_type in BITS:
        dtype, shape = np.dtype(np.uint8), (-(-math.prod(shape) * BITS[weight.data_type] // 8),)
    if start + math.prod(shape) * dtype.itemsize > file.stat().st_size:
        raise NoWeights(f"{file.name}, with its weights, is not whole: it ends before {weight.name} does")
    return np.memmap(file, dtype, "r", start, shape or (1,)).reshape(shape)


def _beside(path: Path, location: str) -> Path:
    file = path.parent / location
    folder = file.resolve().parent
    if not folder.is_relative_to(path.parent.resolve()) and folder != path.resolve().parent:
        raise NoWeights(f"it names {location} for its weights, which is not in the model's folder")
    if not file.is_file():
        raise NoWeights(f"its weights lie in {location}, and there is no such file beside {path.name}")
    return file


def with_weights(model: Any, path: Path, folder: Path) -> Any:
    """The graph of `path` with its weights in it; where they are too large, they go to one file of `folder`."""
    found = {name: (weight, mapped(weight, path)) for name, weight in external(model).items()}
    if sum(array.nbytes for _, array in found.values()) <= EMBEDDED_BYTES:
        for weight, array in found.values():
            weight.raw_data, weight.data_location = array.tobytes(), onnx.TensorProto.DEFAULT
            weight.ClearField("external_data")
        return model
    with (folder / FILE).open("wb") as file:
        for weight, array in found.values():
            file.write(bytes(-file.tell() % ALIGNED))
            start = file.tell()
            array.tofile(file)
            weight.ClearField("external_data")
            for key, value in (("location", FILE), ("offset", start), ("length", array.nbytes)):
                weight.external_data.add(key=key, value=str(value))
    return model


def _whole(model: Any, path: Path) -> Any:
    """The same, with weights of parts of a byte in it: ONNX Runtime takes no arrays of them."""
    small = [weight for weight in external(model).values() if weight.data_type in BITS]
    if not small:
        return model
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for weight in external(copy).values():
        if weight.data_type in BITS:
            weight.raw_data, weight.data_location = mapped(weight, path).tobytes(), onnx.TensorProto.DEFAULT
            weight.ClearField("external_data")
    return copy


def session_of(model: Any, path: Path) -> Any:
    """A graph that was read without what lies outside of it, in ONNX Runtime, on the processor."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    model = _whole(model, path)
    arrays = {name: mapped(weight, path) for name, weight in external(model).items()}
    if arrays:
        kinds = [weight.data_type for weight in external(model).values()]
        values = map(onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type, arrays.values(), kinds)
        options.add_external_initializers(list(arrays), list(values))
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

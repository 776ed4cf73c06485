"""ONNX: a graph of operators that belongs to no framework.

https://onnx.ai/onnx/intro/concepts.html
"""

import os
from pathlib import Path
from typing import Any

from serveoff.models.importing import unvouched_files
from serveoff.models.importing.errors import damaged
from serveoff.models.importing.source import Source
from serveoff.models.protobuf_messages import build

NODE = "onnx"
FRAMEWORK = "onnxruntime"
CALLED = "an ONNX file, model.onnx"

SAVE = "export it again: torch.onnx.export, or model.export(format='onnx') of Keras"
MESSAGES = build(
    "serveoff.onnx",
    {
        "ModelProto": {"graph": (7, "GraphProto"), "opset_import": (8, "bytes*")},
        "GraphProto": {"node": (1, "NodeProto*"), "output": (12, "bytes*")},
        "NodeProto": {"op_type": (4, "string")},
    },
)


def detect(path: str) -> bool:
    """By its suffix."""
    return path.endswith(".onnx") and os.path.isfile(path)


def check(source: Source) -> None:
    """A whole protobuf message with a graph that computes something."""
    model = unvouched_files.protobuf(Path(source.path), MESSAGES["ModelProto"], SAVE)
    if fault := _fault(model):
        raise damaged(f"{source.path} is no ONNX model: {fault}", SAVE)


def _fault(model: Any) -> str:
    if not model.HasField("graph") or not model.opset_import:
        return "it names no graph, or no operator set"
    if not model.graph.output:
        return "its graph has no output"
    return "" if all(node.op_type for node in model.graph.node) else "a node of its graph names no operator"

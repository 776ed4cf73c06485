"""ONNX: a graph of operators that belongs to no framework.

https://onnx.ai/onnx/intro/concepts.html

ModelProto: field 7 is its graph, 8 its operator sets. GraphProto: 1 nodes, 11 inputs, 12 outputs.
"""

from __future__ import annotations

from pathlib import Path

from serveoff.models.importing import protobuf_scan
from serveoff.models.importing.source import Source

NODE = "onnx"
FRAMEWORK = "onnxruntime"
CALLED = "an ONNX file, model.onnx"

SAVE = "export it again: torch.onnx.export, or model.export(format='onnx') of Keras"
GRAPH, OPSETS, NODES, OUTPUTS = 7, 8, 1, 12
OPERATOR = 4


def detect(path: str) -> bool:
    """By its suffix."""
    return path.endswith(".onnx") and Path(path).is_file()


def check(source: Source) -> None:
    """A whole protobuf message with a graph that computes something."""
    with protobuf_scan.whole(Path(source.path), "ONNX model", SAVE) as message:
        _check_graph(message)


def _check_graph(message: memoryview) -> None:
    graphs = protobuf_scan.all_of(message, GRAPH)
    if not graphs or not protobuf_scan.all_of(message, OPSETS):
        raise protobuf_scan.Malformed("it names no graph, or no operator set")
    graph = graphs[-1]
    if not protobuf_scan.all_of(graph, OUTPUTS):
        raise protobuf_scan.Malformed("its graph has no output")
    if any(not protobuf_scan.text(node, OPERATOR) for node in protobuf_scan.all_of(graph, NODES)):
        raise protobuf_scan.Malformed("a node of its graph names no operator")

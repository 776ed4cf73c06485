"""TensorFlow 1's frozen graph: a GraphDef. What feeds it and what comes out of it is told by its operations.

GraphDef: field 1 are its nodes. NodeDef: 1 name, 2 operation, 3 inputs (`node`, `node:1`, or `^node` for order only).
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/node_def.proto
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from serveoff.models.importing import protobuf_scan
from serveoff.models.importing.errors import ImportCode, ImportFailed
from serveoff.models.importing.source import Source

NODE = "frozen_graph"
FRAMEWORK = "tensorflow"
CALLED = "a frozen graph, frozen_graph.pb"

SAVE = "freeze it again: tf.compat.v1.graph_util.convert_variables_to_constants"
VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"})
RESULTLESS = frozenset({"NoOp", "Assert", "Const", "Placeholder", "PlaceholderWithDefault", "SaveV2"})


@dataclass(frozen=True)
class Node:
    """One operation: its name, what it computes, and whose outputs it takes."""

    name: str
    op: str
    inputs: tuple[str, ...]


def detect(path: str) -> bool:
    """By its suffix, if it is no SavedModel's own file."""
    return path.endswith(".pb") and Path(path).name != "saved_model.pb" and Path(path).is_file()


def check(source: Source) -> None:
    """A whole GraphDef without variables, that has the tensors which are asked for."""
    nodes = read(source.path)
    unfrozen = next((node for node in nodes if node.op in VARIABLES), None)
    if unfrozen is not None:
        raise ImportFailed(
            ImportCode.NO_MODEL, f"{source.path} is not frozen: {unfrozen.name} is a variable, without a value", SAVE
        )
    names = {node.name for node in nodes}
    for tensor in (*feeds(source, nodes), *fetches(source, nodes)):
        if tensor.partition(":")[0] not in names:
            raise ImportFailed(
                ImportCode.FLAG, f"{source.path} has no operation {tensor.partition(':')[0]!r}", _known(nodes)
            )


def read(path: str) -> list[Node]:
    """The operations of a GraphDef's file; ImportFailed where it is none."""
    with protobuf_scan.whole(Path(path), "GraphDef", SAVE) as graph:
        nodes = [_node(message) for message in protobuf_scan.all_of(graph, 1)]
    if not nodes:
        raise ImportFailed(ImportCode.DAMAGED, f"{path} holds no operation", SAVE)
    return nodes


def _node(message: memoryview) -> Node:
    node = Node(protobuf_scan.text(message, 1), protobuf_scan.text(message, 2), tuple(protobuf_scan.texts(message, 3)))
    if not node.name or not node.op:
        raise protobuf_scan.Malformed("an operation has no name or no kind")
    return node


def feeds(source: Source, nodes: list[Node]) -> tuple[str, ...]:
    """The tensors that are fed: those of `--inputs`, or the placeholders."""
    found = source.feed or tuple(node.name for node in nodes if node.op == "Placeholder")
    if not found:
        raise ImportFailed(
            ImportCode.INPUTS,
            f"{source.path} has no placeholder: what feeds it cannot be found",
            "name it: --inputs TENSOR",
        )
    return tuple(map(tensor_name, found))


def fetches(source: Source, nodes: list[Node]) -> tuple[str, ...]:
    """The tensors that are asked for: those of `--outputs`, or of the operations that no other one takes."""
    taken = {name.removeprefix("^").partition(":")[0] for node in nodes for name in node.inputs}
    last = tuple(node.name for node in nodes if node.name not in taken and node.op not in RESULTLESS)
    found = source.fetch or last
    if not found:
        raise ImportFailed(
            ImportCode.INPUTS,
            f"{source.path}: what comes out of it cannot be found",
            f"name it: --outputs TENSOR. {_known(nodes)}",
        )
    return tuple(map(tensor_name, found))


def tensor_name(name: str) -> str:
    """An operation's first output, unless another is named."""
    return name if ":" in name else f"{name}:0"


def _known(nodes: list[Node]) -> str:
    last = ", ".join(node.name for node in nodes[-4:])
    return f"--inputs and --outputs take names of operations; the last ones are {last}"

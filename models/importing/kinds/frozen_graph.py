"""TensorFlow 1's frozen graph: a GraphDef. What feeds it and what comes out of it is told by its operations.

https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/node_def.proto
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from serveoff.models.importing import unvouched_files
from serveoff.models.importing.errors import bad_flag, bad_inputs, damaged, no_model
from serveoff.models.importing.source import Source
from serveoff.models.protobuf_messages import build

NODE = "frozen_graph"
FRAMEWORK = "tensorflow"
CALLED = "a frozen graph, frozen_graph.pb"

SAVE = "freeze it again: tf.compat.v1.graph_util.convert_variables_to_constants"
VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"})
TABLES = frozenset({"HashTable", "HashTableV2", "MutableHashTable", "MutableHashTableV2"})
DEFAULTED = "PlaceholderWithDefault"
PLACEHOLDERS = frozenset({"Placeholder", DEFAULTED})
RESULTLESS = frozenset({"NoOp", "Assert", "Const", "SaveV2", *PLACEHOLDERS})
MESSAGES = build(
    "serveoff.frozen_graph",
    {
        "GraphDef": {"node": (1, "NodeDef*")},
        # An input is `node`, `node:1`, or `^node` for order only.
        "NodeDef": {"name": (1, "string"), "op": (2, "string"), "input": (3, "string*")},
    },
)
Nodes = Sequence[Any]
"""Operations, each a NodeDef, of TensorFlow's own or of MESSAGES."""


def detect(path: str) -> bool:
    """By its suffix, if it is no SavedModel's own file."""
    return path.endswith(".pb") and Path(path).name != "saved_model.pb" and os.path.isfile(path)


def check(source: Source) -> None:
    """A whole GraphDef without variables, that has the tensors which are asked for."""
    nodes = _read(source.path)
    unfrozen = next((node for node in nodes if node.op in VARIABLES), None)
    if unfrozen is not None:
        raise no_model(f"{source.path} is not frozen: {unfrozen.name} is a variable, without a value", SAVE)
    table = next((node for node in nodes if node.op in TABLES), None)
    if table is not None:
        text = f"{source.path}: {table.name} ({table.op}) is a lookup table, which a frozen graph does not fill"
        raise no_model(text, "import the SavedModel that it was frozen from, which does")
    names = {node.name for node in nodes}
    for tensor in (*feeds(source, nodes), *fetches(source, nodes)):
        if tensor.partition(":")[0] not in names:
            raise bad_flag(f"{source.path} has no operation {tensor.partition(':')[0]!r}", _known(nodes))
    placeholders = [node.name for node in nodes if node.op in PLACEHOLDERS]
    for name in source.constants:
        if name.removesuffix(":0") not in placeholders:
            raise bad_flag(f"{source.path} has no placeholder {name!r}", f"--set takes {', '.join(placeholders)}")


def _read(path: str) -> Nodes:
    nodes: Nodes = unvouched_files.protobuf(Path(path), MESSAGES["GraphDef"], SAVE).node
    if not nodes or not all(node.name and node.op for node in nodes):
        fault = "an operation has no name or no kind" if nodes else "it holds no operation"
        raise damaged(f"{path} is no GraphDef: {fault}", SAVE)
    return nodes


def feeds(source: Source, nodes: Nodes) -> tuple[str, ...]:
    """The tensors that are fed: those of `--inputs`, or the placeholders that are no constants."""
    constants = {name.removesuffix(":0") for name in source.constants}
    found = source.feed or tuple(node.name for node in nodes if node.op == "Placeholder" and node.name not in constants)
    if not found:
        raise bad_inputs(f"{source.path} has no placeholder: what feeds it cannot be found", "name it: --inputs TENSOR")
    return tuple(map(tensor_name, found))


def fetches(source: Source, nodes: Nodes) -> tuple[str, ...]:
    """The tensors that are asked for: those of `--outputs`, or of the operations that no other one takes."""
    taken = {name.removeprefix("^").partition(":")[0] for node in nodes for name in node.input}
    last = tuple(node.name for node in nodes if node.name not in taken and node.op not in RESULTLESS)
    found = source.fetch or last
    if not found:
        raise bad_inputs(
            f"{source.path}: what comes out of it cannot be found", f"name it: --outputs TENSOR. {_known(nodes)}"
        )
    return tuple(map(tensor_name, found))


def tensor_name(name: str) -> str:
    """An operation's first output, unless another is named."""
    return name if ":" in name else f"{name}:0"


def _known(nodes: Nodes) -> str:
    last = ", ".join(node.name for node in nodes[-4:])
    return f"--inputs and --outputs take names of operations; the last ones are {last}"

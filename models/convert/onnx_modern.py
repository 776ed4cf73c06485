"""ONNX graphs in the words that the libraries know which read them: one operator set, and no functions."""

from contextlib import suppress
from typing import Any

import onnx
from onnx import inliner, version_converter

from serveoff.models.convert.onnx_external import MOST_BYTES, external
from serveoff.models.convert.onnx_models import OPSET, nodes_of

ONNX = ("", "ai.onnx")
"""The domain of ONNX' own operators, which has two names."""
ASIDE = "serveoff.aside"
"""The domain in which an operator waits that the version converter would refuse."""


def inlined(model: Any) -> Any:
    """The same model, the functions of its own written out where they are called."""
    if not model.functions or model.ByteSize() > MOST_BYTES:
        return model
    return inliner.inline_local_functions(model, convert_version=True)


def written_out(model: Any, operator: str) -> Any:
    """The same model, an operator in the simpler ones that ONNX defines it by; None where there is no such definition.

    https://onnx.ai/onnx/intro/concepts.html#functions
    """
    opset = opset_of(model)
    defined = _exists(operator, opset) and onnx.defs.get_schema(operator, opset)
    if not defined or not (defined.has_function or defined.has_context_dependent_function):
        return None
    if model.ByteSize() > MOST_BYTES or not _has(model, operator):
        return None
    simpler = inliner.inline_selected_functions(model, [("", operator)], inline_schema_functions=True)
    return None if _has(simpler, operator) else simpler


def _has(model: Any, operator: str) -> bool:
    return any(node.op_type == operator for node in model.graph.node)


def _exists(operator: str, opset: int) -> bool:
    with suppress(onnx.defs.SchemaError):
        return bool(onnx.defs.get_schema(operator, opset))
    return False


def opset_of(model: Any) -> int:
    """The version of ONNX' own operators."""
    return next((int(entry.version) for entry in model.opset_import if entry.domain in ONNX), OPSET)


def at_least(model: Any) -> Any:
    """The same model in OPSET, or in a newer set where it already is in one."""
    return model if opset_of(model) >= OPSET else at_opset(model)


def at_opset(model: Any) -> Any:
    """The same model in OPSET, newer operators written out; as it is where onnx' converter cannot do it."""
    if opset_of(model) == OPSET or external(model) or model.ByteSize() > MOST_BYTES:
        return model
    older = onnx.ModelProto()
    older.CopyFrom(model)
    for operator in dict.fromkeys(node.op_type for node in model.graph.node if node.domain in ONNX):
        if not _exists(operator, OPSET):
            older = written_out(older, operator) or older
    _set_aside(older)
    with suppress(RuntimeError, ValueError, version_converter.ConvertError):  # its assertions, and what it lacks
        older = version_converter.convert_version(older, OPSET)
        for node in nodes_of(older.graph):
            node.domain = "" if node.domain == ASIDE else node.domain
        return older
    return model


def _set_aside(model: Any) -> None:
    """Hide operators that newer sets only extended, used as they were before: onnx has no way back for them."""
    if opset_of(model) < OPSET:
        return
    for node in nodes_of(model.graph):
        if node.op_type == "Split" or (node.op_type == "Pad" and len(node.input) < len(("x", "pads", "value", "axes"))):
            node.domain = ASIDE
            for attribute in [found for found in node.attribute if found.name == "num_outputs"]:
                node.attribute.remove(attribute)
    model.opset_import.append(onnx.helper.make_opsetid(ASIDE, 1))

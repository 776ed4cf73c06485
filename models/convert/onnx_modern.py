"""ONNX graphs in the words that the libraries know which read them: one operator set, and no functions."""

import re
from collections.abc import Container
from contextlib import suppress
from itertools import starmap
from typing import Any

import onnx
from onnx import inliner, version_converter

from serveoff.models.convert.onnx_external import MOST_BYTES, external
from serveoff.models.convert.onnx_models import OPSET, nodes_of

ONNX = ("", "ai.onnx")
"""The domain of ONNX' own operators, which has two names."""
ASIDE = "serveoff.aside"
"""The domain in which an operator waits that the version converter would refuse."""
BROADCASTING = 7
"""The first set whose operators broadcast of themselves, and the oldest that ONNX Runtime runs throughout."""
SOME = 2
"""In place of a free size, which onnx' converter does not take where operators of older sets broadcast."""
SEVERAL_RESIZES = 11
"""The first set that has several ways to resize; onnx' converter forgets to name the one there was."""
FIRST_RESIZE = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}


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
    with suppress(RuntimeError):  # its assertions, for what it does not know of a value
        typed = onnx.shape_inference.infer_shapes(model)
        simpler = inliner.inline_selected_functions(typed, [("", operator)], inline_schema_functions=True)
        return None if _has(simpler, operator) else simpler
    return None


def spelled(model: Any, known: Container[str]) -> Any:
    """The same model, operators that are not known written out, and those that they are written in, where ONNX can."""
    for operator in dict.fromkeys(node.op_type for node in model.graph.node if node.op_type not in known):
        simpler = written_out(model, operator)
        if simpler is not None:
            return spelled(simpler, known)
    return model


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
    moved = onnx.ModelProto()
    moved.CopyFrom(model)
    for operator in dict.fromkeys(node.op_type for node in model.graph.node if node.domain in ONNX):
        if not _exists(operator, OPSET):
            moved = written_out(moved, operator) or moved
    moved.opset_import.append(onnx.helper.make_opsetid(ASIDE, 1))
    if opset_of(model) < BROADCASTING:
        for size in (size for value in moved.graph.input for size in value.type.tensor_type.shape.dim):
            size.dim_value = size.dim_value or SOME
    converted = _converted(moved)
    if converted is None:
        return model
    for value, own in zip(converted.graph.input, model.graph.input, strict=False):
        value.CopyFrom(own)
    del converted.graph.value_info[:]
    for node in nodes_of(converted.graph):
        node.domain = "" if node.domain == ASIDE else node.domain
        if node.op_type == "Resize" and opset_of(model) < SEVERAL_RESIZES:
            node.attribute.extend(starmap(onnx.helper.make_attribute, FIRST_RESIZE.items()))
    return converted


def _converted(model: Any) -> Any:
    """The model by onnx' converter, operators put aside that it knows no way for; None where that is not all."""
    while True:
        try:
            return version_converter.convert_version(model, OPSET)
        except (RuntimeError, ValueError, version_converter.ConvertError) as error:
            lacking = re.search(r"No Adapter .* for (\w+)", str(error))
            if lacking is None or not _set_aside(model, lacking[1]):
                return None


def _set_aside(model: Any, operator: str) -> bool:
    """Hide an operator that newer sets only gave more dtypes, or a meaning that is not used; whether there is one."""
    found = [node for node in nodes_of(model.graph) if node.op_type == operator and node.domain in ONNX]
    for node in found:
        if operator == "Pad" and len(node.input) == len(("x", "pads", "value", "axes")):
            return False
        node.domain = ASIDE
        for attribute in [other for other in node.attribute if other.name == "num_outputs"]:
            node.attribute.remove(attribute)
    return bool(found)

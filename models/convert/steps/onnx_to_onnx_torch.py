"""ONNX to the form that onnx2torch takes: shapes that are known put in, one node of its own for each output."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import onnx

from serveoff.models.convert import Unconvertible, onnx_models
from serveoff.models.convert.onnx_shapes import with_constant_shapes
from serveoff.models.loading.torch_eager import model_onnx
from serveoff.models.spec import ModelSpec


def convert(source: Path, target: Path, spec: ModelSpec) -> None:
    """Write the model, after onnx2torch has read it; Unconvertible names the operator that it has no rule for."""
    model = with_constant_shapes(onnx_models.read(source), spec)
    _give_outputs_nodes(model.graph)
    _try(model)
    onnx_models.write(model, spec, target)


def _try(model: Any) -> None:
    try:
        model_onnx.read(model)
    except NotImplementedError as error:
        found = re.search(r"operation_type='(\w+)', version=(\d+)", str(error))
        operator = found[1] if found else ""
        what = f"the operator {operator} of version {found[2]}" if found else f"this model: {error}"
        raise Unconvertible(f"onnx2torch has no rule for {what}", operator) from error


def _give_outputs_nodes(graph: Any) -> None:
    """Put a node of its own before each output.

    onnx2torch gives the results of the nodes that outputs come from, each node once: two outputs of one node, or one
    that splits, would change their number.
    """
    for output in graph.output:
        inner = f"{output.name}/computed"
        for node in graph.node:
            for names in (node.input, node.output):
                names[:] = [inner if name == output.name else name for name in names]
        graph.node.append(onnx.helper.make_node("Identity", [inner], [output.name], name=f"{output.name}/given"))

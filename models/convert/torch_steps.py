"""The conversions that PyTorch carries out: see serveoff.models.convert."""

import re
from pathlib import Path
from typing import Any

import onnx
import torch

from serveoff.models.convert import Unconvertible, onnx_models, torch_onnx, torchscripts
from serveoff.models.convert.onnx_shapes import with_constant_shapes
from serveoff.models.convert.torch_modules import FILE
from serveoff.models.loading import model_onnx, module_json
from serveoff.models.spec import ModelSpec


def torch_to_onnx(source: Path, target: Path, spec: ModelSpec) -> None:
    """The module through torch.export, by PyTorch's own exporter."""
    torch_onnx.write(module_json.build(source, "cpu"), spec, target)


def torch_to_torchscript(source: Path, target: Path, spec: ModelSpec) -> None:
    """The module compiled, or traced, and frozen."""
    torchscripts.write(module_json.build(source, "cpu"), spec, target)


def torchscript_to_onnx(source: Path, target: Path, spec: ModelSpec) -> None:
    """By PyTorch's older exporter: the newer one takes no compiled module."""
    module = torch.jit.load(str(source / FILE), map_location="cpu").eval()
    torch_onnx.write_script(module, spec, target)


def onnx_torch_to_torchscript(source: Path, target: Path, spec: ModelSpec) -> None:
    """The module that onnx2torch makes, traced, and tried with other numbers of rows."""
    torchscripts.write(model_onnx.read(source / model_onnx.FILE), spec, target)


def onnx_to_onnx_torch(source: Path, target: Path, spec: ModelSpec) -> None:
    """Shapes that are known put in, and one node for each output; Unconvertible where onnx2torch lacks an operator."""
    model = with_constant_shapes(onnx_models.read(source), spec)
    _give_outputs_nodes(model.graph)
    try:
        model_onnx.read(model)
    except NotImplementedError as error:
        found = re.search(r"operation_type='(\w+)', version=(\d+)", str(error))
        operator = found[1] if found else ""
        what = f"the operator {operator} of version {found[2]}" if found else f"this model: {error}"
        raise Unconvertible(f"onnx2torch has no rule for {what}", operator) from error
    onnx_models.write(model, spec, target)


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

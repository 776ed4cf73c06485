"""The conversions that PyTorch carries out: see serveoff.models.convert."""

import re
from pathlib import Path
from typing import Any

import onnx
import torch

from serveoff.models.convert import Unconvertible, onnx_models, onnx_modern, torch_onnx, torch_program
from serveoff.models.convert.onnx_shapes import with_constant_shapes
from serveoff.models.convert.torch_modules import FILE, tensors_alone, unlike
from serveoff.models.convert.torch_reasons import unconvertible
from serveoff.models.convert.torch_traces import traced
from serveoff.models.frameworks.torch_calling import predicting, read_script
from serveoff.models.loading import model_onnx, module_json
from serveoff.models.spec import ModelSpec

_UNSCRIPTABLE = (
    torch.jit.frontend.FrontendError, RuntimeError, TypeError, ValueError, AttributeError, KeyError, OSError,
    AssertionError,
)  # fmt: skip
"""What torch.jit.script raises for Python that it cannot compile, by the part of it that stumbles."""


def torch_to_onnx(source: Path, target: Path, spec: ModelSpec) -> None:
    """The module through torch.export, by PyTorch's own exporter."""
    torch_onnx.write(module_json.build(source, "cpu"), spec, target)


def torch_to_torchscript(source: Path, target: Path, spec: ModelSpec) -> None:
    """The module compiled, or traced, and frozen."""
    write_script(module_json.build(source, "cpu"), spec, target)


def torch_to_torch_export(source: Path, target: Path, spec: ModelSpec) -> None:
    """The module through torch.export."""
    torch_program.write(module_json.build(source, "cpu"), spec, target)


def torchscript_to_onnx(source: Path, target: Path, spec: ModelSpec) -> None:
    """By PyTorch's older exporter: the newer one takes no compiled module."""
    torch_onnx.write_script(tensors_alone(read_script(source / FILE), spec), spec, target)


def torchscript_to_torch_export(source: Path, target: Path, spec: ModelSpec) -> None:
    """The compiled module's operations, through torch.export."""
    torch_program.write_script(tensors_alone(read_script(source / FILE), spec), spec, target)


def torch_export_to_onnx(source: Path, target: Path, spec: ModelSpec) -> None:
    """The program, by PyTorch's own exporter."""
    torch_onnx.write(torch_program.read(source), spec, target)


def torch_export_to_torchscript(source: Path, target: Path, spec: ModelSpec) -> None:
    """The program's operations compiled, or traced, and frozen."""
    write_script(torch_program.read_compilable(source), spec, target)


def onnx_torch_to_torchscript(source: Path, target: Path, spec: ModelSpec) -> None:
    """The module that onnx2torch makes, traced, and tried with other numbers of rows."""
    write_script(model_onnx.read(source / model_onnx.FILE), spec, target)


def onnx_to_onnx_torch(source: Path, target: Path, spec: ModelSpec) -> None:
    """Shapes that are known put in, and one node for each output; Unconvertible where onnx2torch lacks an operator."""
    model = with_constant_shapes(onnx_modern.at_opset(onnx_modern.inlined(onnx_models.read(source))), spec, source)
    _give_outputs_nodes(model.graph)
    onnx.load_external_data_for_model(model, str(source))
    while refused := _refused(model):
        simpler = onnx_modern.written_out(model, refused.operator)
        if simpler is None:
            raise refused
        model = onnx_modern.at_opset(simpler)
    onnx_models.write(model, spec, target)


def _refused(model: Any) -> Unconvertible | None:
    """The operator that onnx2torch lacks, if it does."""
    try:
        model_onnx.read(model)
    except NotImplementedError as error:
        found = re.search(r"operation_type='(\w+)', version=(\d+)", str(error))
        operator = found[1] if found else ""
        what = f"the operator {operator} of version {found[2]}" if found else f"this model: {error}"
        if f'"{onnx.TensorProto.BFLOAT16}" is not implemented' in str(error):
            what = "bfloat16, which the model computes in"
        return Unconvertible(f"onnx2torch has no rule for {what}", operator)
    return None


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


def write_script(module: Any, spec: ModelSpec, folder: Path) -> None:
    """Write the node `torchscript`, its weights frozen into the graph."""
    script = scripted(module, spec) or traced(module, spec)
    try:
        torch.jit.freeze(script.eval()).save(str(folder / FILE))
    except RuntimeError as error:
        raise unconvertible(error, "TorchScript") from error


def scripted(module: Any, spec: ModelSpec) -> Any:
    """The module compiled from its source, so that nothing of an example is baked in; None where that fails."""
    try:
        script = torch.jit.script(predicting(module))
    except _UNSCRIPTABLE:
        return None
    return None if unlike(script, module, spec) else script

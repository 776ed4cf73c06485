"""What is changed in a user's ONNX graph so that it can be served: inputs and outputs of kinds that no server takes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import onnx

from serveoff.models.convert.onnx_models import nodes_of
from serveoff.models.convert.onnx_shapes import remove_unused
from serveoff.models.importing.constants import Constants, array_of, is_state, require_inputs, value_of
from serveoff.models.jobs.child import Refused, note
from serveoff.models.tensors import WIDER

CAST = {**WIDER, "uint64": "int64"}
"""Dtypes that are not served to those that take their place outside of the graph."""
BY_BATCH = ("DynamicQuantizeLinear", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM")
"""Operators that take their scale from all numbers of a batch."""
QUANTIZED = ("QuantizeLinear", "DequantizeLinear", "MatMulInteger", "ConvInteger", "QLinearConv", "QLinearMatMul")

MOVED = ("Cast", "Constant", "Identity", "Transpose", "Reshape")
"""Operators that compute nothing, of weights that are only kept in few bits."""


def serve(model: Any, constants: Constants) -> None:
    """Make a graph, in place, one of tensors of dtypes that are served; tells the user what was changed.

    Refused where no output is left.
    """
    _complete(model)
    graph, given = model.graph, {weight.name for weight in model.graph.initializer}
    _keep(graph.input, [value for value in graph.input if value.name not in given])
    _require_numbers(graph.input)
    _settle(graph, constants)
    _keep(graph.output, [kept for value in graph.output if (kept := _tensor(graph, value)) is not None])
    if not graph.output:
        raise Refused("it gives no tensor of numbers: its outputs are strings, sequences or maps")
    _part(graph)
    _cast(graph)
    remove_unused(graph)


def _complete(model: Any) -> None:
    """Write what a graph leaves to ONNX Runtime: the type of an output, and an axis that is free, not of size -1."""
    graph = model.graph
    untyped = [value for value in graph.output if value.type.WhichOneof("value") is None]
    if untyped:
        inferred = onnx.shape_inference.infer_shapes(model).graph
        kinds = {value.name: value.type for value in (*inferred.output, *inferred.value_info)}
        for value in untyped:
            value.type.CopyFrom(kinds.get(value.name, value.type))
    for value in (*graph.input, *graph.output, *graph.value_info):
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_value < 0:
                axis.ClearField("dim_value")


def _require_numbers(inputs: Iterable[Any]) -> None:
    """Refused where an input is not a tensor of numbers."""
    for value in inputs:
        if not value.type.HasField("tensor_type"):
            kind = str(value.type.WhichOneof("value")).removesuffix("_type")
            raise Refused(
                f"its input {value.name} is a {kind}, and servers take tensors", advice="export it with tensors"
            )
        if value.type.tensor_type.elem_type == onnx.TensorProto.STRING:
            raise Refused(
                f"its input {value.name} takes strings, which no format here serves",
                advice="export what comes after the encoder of the strings, and send the numbers that it gives",
            )


def _keep(values: Any, kept: list[Any]) -> None:
    copies = [onnx.ValueInfoProto.FromString(value.SerializeToString()) for value in kept]
    del values[:]
    values.extend(copies)


def _settle(graph: Any, constants: Constants) -> None:
    """Constants in place of the inputs that were given one by --set; a state has it for each row of a batch."""
    require_inputs(constants, (value.name for value in graph.input))
    kept = [value for value in graph.input if value_of(constants, value.name) is None]
    batches = [value.name for value in kept if _sizes(value)[:1] == [0]]
    for value in graph.input:
        number = value_of(constants, value.name)
        if number is not None:
            shape = _sizes(value)
            array, name = array_of(value.name, dtype_of(value), shape, number), value.name
            if batches and is_state(shape):
                name = f"{value.name}/one_row"
                _expand(graph, name, value.name, array.shape, batches[0])
            graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    _keep(graph.input, kept)


def _sizes(value: Any) -> list[int]:
    """Of a value's axes, 0 where that is free."""
    return [axis.dim_value for axis in value.type.tensor_type.shape.dim]


def _expand(graph: Any, state: str, expanded: str, shape: tuple[int, ...], rows: str) -> None:
    """Repeat the one row that a state has, in its second axis, for as many rows as the value `rows` has."""
    parts = {"layers": [shape[0]], "first": [0], "rest": list(shape[2:])}
    for part, sizes in parts.items():
        graph.initializer.append(onnx.numpy_helper.from_array(np.array(sizes, np.int64), f"{state}/{part}"))
    sized, counted, wanted = (f"{state}/{part}" for part in ("sizes", "rows", "shape"))
    made = [
        onnx.helper.make_node("Shape", [rows], [sized]),
        onnx.helper.make_node("Gather", [sized, f"{state}/first"], [counted]),
        onnx.helper.make_node("Concat", [f"{state}/layers", counted, f"{state}/rest"], [wanted], axis=0),
        onnx.helper.make_node("Expand", [state, wanted], [expanded]),
    ]
    for node in reversed(made):
        graph.node.insert(0, node)


def _dtypes(model: Any) -> dict[str, int]:
    """The element types of values, by name, as far as they are known."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    values = (*graph.input, *graph.value_info, *graph.output)
    found = {value.name: value.type.tensor_type.elem_type for value in values}
    return {**found, **{weight.name: weight.data_type for weight in graph.initializer}}


def dtype_at(model: Any, operator: str) -> str:
    """Of which dtype a graph has an operator, other than float32; empty where that is not known."""
    dtypes = _dtypes(model)
    taken = (dtypes.get(node.input[0], 0) for node in _every(model) if node.op_type == operator and node.input)
    return next((_name(number) for number in taken if number > onnx.TensorProto.FLOAT), "")


def _tensor(graph: Any, value: Any) -> Any:
    """An output as a tensor of numbers: a sequence of maps from classes as the table it was made of; else None."""
    if value.type.HasField("tensor_type") and value.type.tensor_type.elem_type != onnx.TensorProto.STRING:
        return value
    maker = next((node for node in graph.node if value.name in node.output), None)
    if maker is not None and maker.op_type == "ZipMap":
        table = maker.input[0]
        columns = next(list(found.strings or found.ints) for found in maker.attribute)
        if any(output.name == table for output in graph.output):
            return None
        note(f"output {value.name}, a map from classes, is served as {table}, with columns {_listed(columns)}")
        return onnx.helper.make_tensor_value_info(table, onnx.TensorProto.FLOAT, None)
    what = "strings" if value.type.HasField("tensor_type") else "no tensor"
    note(f"output {value.name} is {what}, which no format here serves: it is left out{_classes(maker)}")
    return None


def _classes(maker: Any) -> str:
    """Which classes the columns of a classifier are, where that is what its strings say."""
    labels = [found.strings for found in maker.attribute if found.name == "classlabels_strings"] if maker else []
    return f"; the classes are, in order, {_listed(labels[0])}" if labels else ""


def _listed(classes: Iterable[Any]) -> str:
    return ", ".join(name.decode(errors="replace") if isinstance(name, bytes) else str(name) for name in classes)


def _part(graph: Any) -> None:
    """A value of its own for each output that is an input, too: each of both is served by a name."""
    given = {value.name for value in graph.input}
    for value in graph.output:
        if value.name in given:
            own = f"{value.name}/given"
            graph.node.append(onnx.helper.make_node("Identity", [value.name], [own]))
            value.name = own


def _cast(graph: Any) -> None:
    """Take and give wider numbers in place of those that are not served."""
    for values, what in ((graph.input, "input"), (graph.output, "output")):
        for value in values:
            dtype, kind = dtype_of(value), value.type.tensor_type
            if dtype not in CAST:
                continue
            inner, wider = f"{value.name}/{dtype}", _elem_type(CAST[dtype])
            for node in graph.node:
                _rename_in(node, {value.name: inner})
            if what == "input":
                graph.node.insert(0, onnx.helper.make_node("Cast", [value.name], [inner], to=kind.elem_type))
            else:
                graph.node.append(onnx.helper.make_node("Cast", [inner], [value.name], to=wider))
            kind.elem_type = wider
            note(f"{what} {value.name} is {dtype} in the graph, and served as {CAST[dtype]}")


def rename(graph: Any, new: Mapping[str, str]) -> None:
    """Give values other names, in a graph and wherever its branches and loops take them from it.

    A value inside that has a name which is given out now makes way for it.
    """
    inside = {name for node in graph.node for name in node.output} | {value.name for value in graph.initializer}
    aside = {name: f"{name}_inner" for name in inside if name in new.values() and name not in new}
    every = {**aside, **new}
    for value in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        value.name = every.get(value.name, value.name)
    for node in graph.node:
        _rename_in(node, every)


def _rename_in(node: Any, new: Mapping[str, str]) -> None:
    node.input[:] = [new.get(name, name) for name in node.input]
    node.output[:] = [new.get(name, name) for name in node.output]
    for attribute in node.attribute:
        for branch in (attribute.g, *attribute.graphs):
            rename(branch, new)


def by_batch(model: Any) -> str:
    """The operator that makes a row's answer depend on the rows beside it, if the graph has one."""
    return next((node.op_type for node in _every(model) if node.op_type in BY_BATCH), "")


def precision(model: Any) -> str:
    """What a graph computes in, where that is coarser than float32: int8, float16 or bfloat16."""
    if any(node.op_type in (*QUANTIZED, *BY_BATCH) for node in _every(model)):
        return "int8"
    graph = onnx.shape_inference.infer_shapes(model).graph
    kinds = {value.name: value.type.tensor_type.elem_type for value in (*graph.value_info, *graph.output)}
    computed = {kinds.get(name) for node in graph.node if node.op_type not in MOVED for name in node.output}
    return next((name for name in ("bfloat16", "float16") if _elem_type(name) in computed), "")


def _every(model: Any) -> Iterator[Any]:
    """All nodes, those of branches, loops and functions too."""
    yield from nodes_of(model.graph)
    for function in model.functions:
        yield from nodes_of(function)


def dtype_of(value: Any) -> str:
    """Numpy's name of a value's dtype."""
    return _name(value.type.tensor_type.elem_type)


def _name(number: int) -> str:
    return onnx.TensorProto.DataType.Name(number).lower().replace("double", "float64") if number > 1 else "float32"


def _elem_type(dtype: str) -> int:
    return int(onnx.TensorProto.DataType.Value("FLOAT" if dtype == "float32" else dtype.upper()))

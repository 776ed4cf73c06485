"""Where the rows of a batch are in each value of an ONNX graph: known at its inputs, and followed from node to node.

A layer may have its steps before its rows, and attention has its heads beside them in one axis.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import onnx

from serveoff.models.tensors import Array

Sizes = Mapping[str, tuple[int, ...]]
"""The shapes of values, by name, in the graph as it was exported."""
RECURRENT = {"LSTM": (2, 1, 1), "GRU": (2, 1), "RNN": (2, 1)}
"""Operators to the axis of the rows in each of their outputs."""
NOT_ROWS = frozenset({"Shape", "Size", "Constant", "ConstantOfShape", "Range"})


class Place(NamedTuple):
    """The axis that the rows are in, alone or beside others: `before` is how many of those it counts for each row."""

    axis: int
    before: int = 1


def places(graph: Any, constants: Mapping[str, Array], sizes: Sizes, rows: int) -> dict[str, Place]:
    """The place in each value that is known to have one."""
    found = {value.name: Place(0) for value in graph.input if sizes.get(value.name, (0,))[0] == rows}
    for node in graph.node:
        came = [(name, found[name]) for name in node.input if name in found]
        if not came or node.op_type in NOT_ROWS:
            continue
        for index, name in enumerate(node.output):
            place = _after(node, index, *came[0], constants, sizes, rows)
            if name and place is not None:
                found[name] = place
    return found


def _after(
    node: Any, index: int, name: str, place: Place, constants: Mapping[str, Array], sizes: Sizes, rows: int
) -> Place | None:
    """The place in one of a node's outputs, from that in the first input that has one; None where that is not known."""
    before, after = sizes.get(name), sizes.get(node.output[index])
    said = {found.name: onnx.helper.get_attribute_value(found) for found in node.attribute}
    if node.op_type in RECURRENT:
        return Place(RECURRENT[node.op_type][index])
    if before is None or after is None:
        return None
    if node.op_type == "Transpose":
        axes = list(said.get("perm", range(len(before))[::-1]))
        return place._replace(axis=axes.index(place.axis))
    if node.op_type in ("Reshape", "Flatten"):
        return reshaped(before, after, place, rows)
    if node.op_type in ("Squeeze", "Unsqueeze") or node.op_type.startswith(("Reduce", "Arg")):
        return _moved(node, said, before, after, place, constants)
    if node.op_type == "Gather":
        axis = said.get("axis", 0) % len(sizes.get(node.input[0], before))
        into = name == node.input[0]
        shift = (len(after) - len(before) if place.axis > axis else 0) if into else axis
        return place._replace(axis=place.axis + shift)
    return place._replace(axis=place.axis + len(after) - len(before))


def _moved(
    node: Any,
    said: Mapping[str, Any],
    before: Sequence[int],
    after: Sequence[int],
    place: Place,
    constants: Mapping[str, Array],
) -> Place | None:
    """The place after axes were taken out or put in."""
    given = said.get("axes", said.get("axis"))
    if given is None and len(node.input) > 1:
        given = constants.get(node.input[1])
    if len(before) == len(after) or given is None:
        return place if len(before) == len(after) else None
    longer = max(len(before), len(after))
    axes = sorted(int(axis) % longer for axis in ([given] if isinstance(given, int) else given))
    if node.op_type != "Unsqueeze":
        return None if place.axis in axes else place._replace(axis=place.axis - sum(axis < place.axis for axis in axes))
    kept = [axis for axis in range(longer) if axis not in axes]
    return place._replace(axis=kept[place.axis])


def reshaped(before: Sequence[int], after: Sequence[int], place: Place, rows: int) -> Place | None:
    """The place in a shape that has the same numbers in the same order.

    Where the rows may be in either of two axes, they go with the later one if that splits one of before, as heads do.
    """
    at = math.prod(before[: place.axis]) * place.before
    found = []
    for axis, size in enumerate(after):
        counted = math.prod(after[:axis])
        if at % counted == 0 and size % rows == 0 and (size // rows) % (at // counted) == 0:
            found.append(Place(axis, at // counted))
    alone = [other for other in found if after[other.axis] == rows and other.before == 1]
    if alone or not found:
        return alone[0] if alone else None
    inside = before[place.axis] // rows > place.before
    splits = len(after) - found[-1].axis > len(before) - place.axis - (not inside)
    return found[-1] if splits or len(found) == 1 else found[0]

"""Batches: the named arrays that a model takes and gives, whatever framework it is written in.

A batch is a dict from a tensor's name to its array of shape (n, *row); all arrays of a batch have the same n. Which
tensors belong to it, and of which dtype, is what the model's spec says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from dataclasses import fields as dataclass_fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from serveoff.models.spec import TensorSpec

Array = NDArray[Any]
Batch = dict[str, Array]
"""Tensor's name to its rows, (n, *row)."""


@dataclass(frozen=True)
class Examples:
    """Inputs (n, *row) by name, and what is right for them (n, ...): classes as int64, or values."""

    inputs: Batch
    targets: Array


def rows_of(batch: Batch) -> int:
    """How many rows a batch has."""
    return len(next(iter(batch.values())))


def take(batch: Batch, rows: slice | Sequence[int] | NDArray[np.int64]) -> Batch:
    """These rows of a batch, each array C-contiguous."""
    return {name: np.ascontiguousarray(array[rows]) for name, array in batch.items()}


def join(batches: Sequence[Batch]) -> Batch:
    """One batch of the rows of several, in their order. One alone is given back as it is."""
    first = batches[0]
    if len(batches) == 1:
        return first
    return {name: np.concatenate([batch[name] for batch in batches]) for name in first}


def split(batch: Batch, counts: Sequence[int]) -> list[Batch]:
    """The opposite of `join`: so many rows for each; the arrays are views."""
    parts, first = [], 0
    for count in counts:
        parts.append({name: array[first : first + count] for name, array in batch.items()})
        first += count
    return parts


def zeros(tensors: Sequence[TensorSpec], rows: int = 1) -> Batch:
    """A batch of zeros of these tensors."""
    return {tensor.name: np.zeros((rows, *tensor.row_shape), tensor.dtype) for tensor in tensors}


def named(tensors: Sequence[TensorSpec], arrays: Sequence[Array]) -> Batch:
    """A batch of arrays that come in the order of the spec's tensors."""
    return dict(zip((tensor.name for tensor in tensors), arrays, strict=True))


def misfit(batch: Batch, tensors: Sequence[TensorSpec], rows: int | None = None) -> str:
    """What makes a batch none of these tensors: names, dtypes, shapes or, if asked for, the number of rows; or ''."""
    if set(batch) != {tensor.name for tensor in tensors}:
        return f"it has {', '.join(sorted(batch)) or 'nothing'}, not {', '.join(tensor.name for tensor in tensors)}"
    count = rows_of(batch) if rows is None else rows
    for tensor in tensors:
        array, expected = batch[tensor.name], (count, *tensor.row_shape)
        if array.dtype != tensor.dtype or array.shape != expected:
            return f"{tensor.name} is {array.dtype}{array.shape}, not {tensor.dtype}{expected}"
    return ""


def by_name(given: Any, tensors: Sequence[TensorSpec]) -> dict[str, Any]:
    """A network's answer by the spec's names: a tensor, or any structure of them, `flattened`.

    They are found by their sources, or by their names (others are left out), or else all by their order. ValueError
    where they are not those of the spec.
    """
    if (flat := _at_once(given, tensors)) is not None:
        return flat
    names = [tensor.name for tensor in tensors]
    flat = flattened(given)
    for called in ([tensor.source or tensor.name for tensor in tensors], names):
        if flat.keys() >= set(called):
            return {name: flat[own] for name, own in zip(names, called, strict=True)}
    if fields(given) is not None:
        raise ValueError(f"the network gives {', '.join(flat)}, not {', '.join(names)}")
    if len(flat) != len(names):
        raise ValueError(f"the network gives {len(flat)} outputs, not {len(names)}: {', '.join(names)}")
    return dict(zip(names, flat.values(), strict=True))


def _at_once(given: Any, tensors: Sequence[TensorSpec]) -> dict[str, Any] | None:
    """The same of a plain tensor, tuple, list or dict of tensors, a third as long; None for any other structure."""
    kind = type(given)
    if kind is dict:
        found = {tensor.name: given.get(tensor.source or tensor.name) for tensor in tensors}
        return found if all(map(_is_tensor, found.values())) else None
    if kind is not tuple and kind is not list:
        return {tensors[0].name: given} if len(tensors) == 1 and _is_tensor(given) else None
    if len(given) != len(tensors) or not all(map(_is_tensor, given)):
        return None
    return {tensor.name: value for tensor, value in zip(tensors, given, strict=True)}


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "shape")


def flattened(given: Any, path: str = "") -> dict[str, Any]:
    """The tensors of an answer by their paths, in its order: `output`, `output_0`, `states/1`, `boxes/xy`.

    A dict's keys and the fields of a named tuple or dataclass name them, and places those of other sequences. None
    and plain numbers are left out.
    """
    named = fields(given)
    if named is None and isinstance(given, tuple | list):
        head = f"{path}/" if path else "output_"
        named = {f"{head}{place}": value for place, value in enumerate(given)}
        if not path and len(given) == 1:
            return flattened(given[0])
    elif named is None:
        return {} if given is None or isinstance(given, bool | int | float) else {path or "output": given}
    else:
        named = {f"{path}/{name}" if path else name: value for name, value in named.items()}
    flat: dict[str, Any] = {}
    for inner, value in named.items():
        flat |= flattened(value, inner)
    return flat


def fields(given: Any) -> dict[str, Any] | None:
    """The parts of an answer that names its parts; None for any other."""
    if isinstance(given, Mapping):
        return {str(name): value for name, value in given.items()}
    if isinstance(given, tuple) and hasattr(given, "_fields"):
        return dict(zip(given._fields, given, strict=True))
    if is_dataclass(given):
        return {field.name: getattr(given, field.name) for field in dataclass_fields(given)}
    return None


NARROW = ("float16", "bfloat16")
"""Floats of 16 bits: JSON and the servers' protocols carry them as float32, which holds each of them exactly."""


WIDER = {**dict.fromkeys(NARROW, "float32"), **dict.fromkeys(("int8", "int16", "uint16"), "int32"), "uint32": "int64"}
"""Dtypes that are not served, to those that hold all of their numbers and take their place."""


def carried(dtype: str) -> str:
    """The dtype by which requests and answers carry numbers of another."""
    return WIDER.get(dtype, dtype)


def widened(given: ArrayLike) -> Array:
    """The same numbers in the dtype that carries them; a framework's one string, which is no array, as an array."""
    array = np.asarray(given)
    return array.astype(carried(str(array.dtype)), copy=False)


def as_specified(arrays: Mapping[str, Array], tensors: Sequence[TensorSpec]) -> Batch:
    """A batch of these tensors from arrays that have other ones beside them, other strides or another dtype."""
    return {tensor.name: np.asarray(arrays[tensor.name], tensor.dtype, order="C") for tensor in tensors}

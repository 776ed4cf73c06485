"""Inputs that have one value for all requests, such as the share of units that a dropout keeps: `--set`."""

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from serveoff.models.importing.source import TEXT, Port
from serveoff.models.jobs.child import Refused
from serveoff.models.tensors import Array

Constants = Mapping[str, bool | float]
"""By the names that the source has for its inputs, with or without a tensor's `:0`."""
DROPS = ("drop", "droprate", "dropprob")
WHOLE = "biu"
"""numpy's kinds of numbers that have no fraction."""


def value_of(constants: Constants, name: str) -> bool | float | None:
    """The value that an input was given; None where it was given none."""
    return next((value for own, value in constants.items() if own.removesuffix(":0") == name.removesuffix(":0")), None)


def require_inputs(constants: Constants, names: Iterable[str]) -> None:
    """Refused where a constant is given to what is no input."""
    known = [name.removesuffix(":0") for name in names]
    if unknown := sorted(name for name in constants if name.removesuffix(":0") not in known):
        raise Refused(f"it has no input {', '.join(unknown)}", advice=f"--set takes one of {', '.join(known)}")


def array_of(name: str, dtype: str, shape: Iterable[int | None] | None, value: bool | float) -> Array:
    """The value as an input takes it, in each of its elements; Refused where its dtype cannot hold it.

    An input of unknown shape takes one number, and an axis of unknown size (None, -1 or 0) has one element.
    """
    if dtype in TEXT:
        raise Refused(f"its input {name} is {dtype}, and --set gives numbers", advice="import the part behind it")
    array = np.full(tuple(max(size or 1, 1) for size in shape or ()), value).astype(dtype)
    if array.dtype.kind in WHOLE and array.flat[0] != value:
        raise Refused(f"its input {name} is {dtype}, which cannot be {value:g}")
    return array


def advice(ports: Iterable[Port]) -> str:
    """The flags that make constants of these inputs, with their usual values in a model that predicts."""
    flags = " ".join(f"--set {port.name.removesuffix(':0')}={_guess(port)}" for port in ports)
    return f"give the value that the model predicts with: {flags}"


def is_likely(port: Port) -> bool:
    """Whether an input is one number, or is of unknown shape and called like one."""
    return port.dtype not in TEXT and (port.shape == () or (port.shape is None and _guess(port) != "VALUE"))


def is_state(shape: Sequence[int | None]) -> bool:
    """Whether an input has a free axis after a fixed first one, as a recurrent layer's state: layers, rows, numbers."""
    free = [size in (None, -1, 0) for size in shape]
    return len(free) > 2 and free[:2] == [False, True]


def _guess(port: Port) -> str:
    """What it has where nothing is trained: no dropout, no training."""
    if port.dtype == "bool":
        return "false"
    words = re.split(r"[^a-z]+", port.name.lower().removesuffix(":0"))
    if any(word.startswith("keep") for word in words):
        return "1.0"
    dropped = words == ["rate"] or any(word in DROPS or word.startswith("dropout") for word in words)
    return "0.0" if dropped else "VALUE"

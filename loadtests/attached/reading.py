"""An answer as arrays by name, alike for equal answers in whatever format they came.

Numbers are float64, int64 or bool; their names are paths into the answer, and what holds one output only is `answer`.
Anything else, a string or a null, is a part of a name: `label='cat'` differs from `label='dog'`. Each request carries
one row, so that axes of one before all others mean nothing: `[[0.7]]` is 0.7. What is left has the axis of rows first.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from io import BytesIO
from typing import Any, Final
from zipfile import BadZipFile

import jmespath
import numpy as np
import orjson

from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Array, Batch

ANSWER: Final = "answer"
LONGEST: Final = 60
"""Characters of a text that a name holds; a longer one goes by its digest."""
NUMBERS: Final = frozenset({bool, int, float})
WIDEST: Final = {"f": np.float64, "i": np.int64, "b": np.bool_}
_NAMES: Final = "names"
_PLAIN_KEY = re.compile(r"[\w/:-]+")


def document(answer: bytes) -> Any:
    """JSON, with `NaN` and `Infinity`, which servers write; ValueError says what came in its place."""
    try:
        return (json if b"Infinity" in answer or b"NaN" in answer else orjson).loads(answer)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON ({error}): {answer[:80]!r}") from None


def at(path: str, found: Any) -> Any:
    """What a JMESPath finds; ValueError where it finds nothing, or is none."""
    try:
        part = jmespath.search(path, found)
    except jmespath.exceptions.JMESPathError as error:
        raise ValueError(f"{path!r} finds nothing in the answer: {error}") from None
    if part is None:
        has = f", which has {', '.join(map(str, found))}" if isinstance(found, dict) else ""
        raise ValueError(f"there is nothing at {path!r} of the answer{has}")
    return part


def reading(found: Any) -> Batch:
    """The arrays (1, ...) of one answer: JSON, or arrays in place of lists."""
    while isinstance(found, list | Mapping) and len(found) == 1:
        (found,) = found.values() if isinstance(found, Mapping) else found
    try:
        return dict(_leaves(found, "" if isinstance(found, Mapping) and found else ANSWER))
    except RecursionError:
        raise ValueError("the answer is nested too deeply") from None


def as_read(tensors: Sequence[TensorSpec]) -> tuple[TensorSpec, ...]:
    """The outputs of a model under the names that their reading has."""
    if len(tensors) != 1:
        return tuple(tensors)
    return (tensors[0].model_copy(update={"name": ANSWER}),)


def outputs_at(path: str, outputs: Batch) -> Batch:
    """The reading of named arrays, or of what a path finds in them."""
    return reading(at(path, {name: array.tolist() for name, array in outputs.items()}) if path else outputs)


def packed(readings: Sequence[Batch]) -> str:
    """Readings as text: base64 of an .npz of all arrays in order, and of the names of each reading."""
    arrays = [array for one in readings for array in one.values()]
    names = np.frombuffer(json.dumps([list(one) for one in readings]).encode(), np.uint8)
    file = BytesIO()
    numbered = {_NAMES: names} | {str(number): array for number, array in enumerate(arrays)}
    np.savez_compressed(file, **numbered)  # type: ignore[arg-type]
    return b64encode(file.getvalue()).decode()


def unpacked(text: str) -> list[Batch]:
    """The opposite; ValueError where the text is no such thing."""
    try:
        with np.load(BytesIO(b64decode(text, validate=True))) as file:
            names: list[list[str]] = json.loads(file[_NAMES].tobytes())
            numbers = iter(range(len(file.files)))
            return [{name: file[str(next(numbers))] for name in one} for one in names]
    except (KeyError, OSError, BadZipFile, EOFError) as error:
        raise ValueError(f"no readings: {error}") from None


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Array]]:
    if isinstance(value, np.ndarray) and value.dtype.kind in "OSU":
        value = value.tolist()
    while isinstance(value, list) and len(value) == 1:
        (value,) = value
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{_key(key)}" if name else _key(key))
    elif (array := _numbers(value)) is not None:
        yield name, array
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{name}[{place}]")
    else:
        yield f"{name}={_said(value)}", np.zeros((1, 0))


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else repr(key)


def _said(value: Any) -> str:
    text = repr(value.decode(errors="backslashreplace") if isinstance(value, bytes) else value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({sha256(text.encode()).hexdigest()[:12]})"


def _all_numbers(value: list[Any]) -> bool:
    """Of lists in a list, too. Told of objects: an array of texts holds each as long as the longest."""
    return set(map(type, np.asarray(value, dtype=object).ravel().tolist())) <= NUMBERS


def _numbers(value: Any) -> Array | None:
    """An array (1, ...) of a number, or of lists of equal lengths that hold nothing but numbers; else None."""
    if not isinstance(value, bool | int | float | list | np.ndarray):
        return None
    try:
        if isinstance(value, list) and not _all_numbers(value):
            return None
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        return None
    if array.dtype.kind not in "biuf":
        return None
    ones = next((axis for axis, size in enumerate(array.shape) if size != 1), array.ndim)
    array = array.reshape(1, *array.shape[ones:])
    if array.dtype.kind == "u" and not (array > np.iinfo(np.int64).max).any():
        return array.astype(np.int64)
    return array.astype(WIDEST.get(array.dtype.kind, array.dtype))

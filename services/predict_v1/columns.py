"""A request's document to the rows of each input, whether it holds rows or columns, with or without names.

https://www.tensorflow.org/tfx/serving/api_rest: `instances` is a list of rows, each an object by input name, or for
one input just its value; `inputs` is an object of columns by input name, or for one input just its column.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from serveoff.services.predict_v1.errors import BadInputError

ANSWER_KEYS = {"instances": "predictions", "inputs": "outputs"}


@dataclass(frozen=True)
class Column:
    """The rows of one input, as the document has them; `before` and `after` are how a message names their places."""

    rows: list[Any]
    before: str
    after: str = ""

    def place(self, index: int) -> str:
        """Where a row stands: `instances[3]`, `instances[3].mask`, `inputs.mask[3]`."""
        return f"{self.before}[{index}]{self.after}"


def columns(document: dict[str, Any], names: Sequence[str]) -> tuple[str, list[Column]]:
    """The key of the rows, and a column for each name, all of one length; BadInputError where they are not there."""
    keys = [key for key in ANSWER_KEYS if key in document]
    if len(keys) != 1:
        raise BadInputError("the body needs either `instances` (rows) or `inputs` (columns), and not both")
    key = keys[0]
    read = (_rows if key == "instances" else _columns) if len(names) > 1 else _only
    return key, read(document[key], key, names)


def is_base64(value: Any) -> bool:
    """Whether a value is `{"b64": "..."}`: bytes, not an object by input name."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def _only(value: Any, key: str, names: Sequence[str]) -> list[Column]:
    """The one input's rows, with or without its name."""
    rows = _unnamed_rows(value, names) if key == "instances" else _unnamed(value, names, key)
    return [Column(_filled(rows, key), key)]


def _unnamed_rows(rows: Any, names: Sequence[str]) -> Any:
    if not isinstance(rows, list):
        return rows
    if len({isinstance(row, dict) for row in rows}) > 1:
        raise BadInputError("instances must all be named, all be base64, or all be lists of numbers")
    return [_unnamed(row, names, f"instances[{index}]") for index, row in enumerate(rows)]


def _unnamed(value: Any, names: Sequence[str], place: str) -> Any:
    """What stands under the input's name, where the client gave it."""
    if not isinstance(value, dict) or is_base64(value):
        return value
    return _named(value, names, place)[names[0]]


def _rows(rows: Any, key: str, names: Sequence[str]) -> list[Column]:
    """Rows of several inputs: each names them all."""
    named = [_named(row, names, f"{key}[{index}]") for index, row in enumerate(_filled(rows, key))]
    return [Column([row[name] for row in named], key, f".{name}") for name in names]


def _columns(value: Any, key: str, names: Sequence[str]) -> list[Column]:
    """Columns of several inputs: each has as many rows."""
    named = _named(value, names, key)
    found = [Column(_filled(named[name], f"{key}.{name}"), f"{key}.{name}") for name in names]
    if len({len(column.rows) for column in found}) > 1:
        counts = " and ".join(f"{name} has {len(column.rows)}" for name, column in zip(names, found, strict=True))
        raise BadInputError(f"{key} must have as many rows of each input: {counts}")
    return found


def _named(value: Any, names: Sequence[str], place: str) -> dict[str, Any]:
    """An object of exactly these names."""
    wanted = ", ".join(map(repr, names))
    if not isinstance(value, dict):
        raise BadInputError(f"{place} is {type(value).__name__} where an object belongs: this model takes {wanted}")
    if value.keys() != set(names):
        found = ", ".join(sorted(value)) or "nothing"
        raise BadInputError(f"{place} names {found}: this model takes {wanted}")
    return value


def _filled(rows: Any, place: str) -> list[Any]:
    if not isinstance(rows, list) or not rows:
        raise BadInputError(f"{place} must be a list of at least one row")
    return rows

"""A request's document to the rows of each input, whether it holds rows or columns, with or without names.

https://www.tensorflow.org/tfx/serving/api_rest: `instances` is a list of rows, each an object by input name, or for
one input just its value; `inputs` is an object of columns by input name, or for one input just its column.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from serveoff.services.predict_v1.errors import BadInputError, quoted
from serveoff.services.predict_v1.parsed import is_base64, is_list, is_object, word

ANSWER_KEYS = {"instances": "predictions", "inputs": "outputs"}
_KEYS = frozenset({*ANSWER_KEYS, "signature_name"})
_MOST_NAMES = 8
"""Of a client's object, in an error."""


@dataclass(frozen=True)
class Column:
    """The rows of one input, as the document has them: Python's lists or simdjson's.

    `names` are what the objects of its rows must name, where rows may be objects, and `name` the one that is wanted;
    `before` and `after` are how a message names a row's place.
    """

    rows: Any
    before: str
    after: str = ""
    name: str = ""
    names: Sequence[str] = ()

    def __iter__(self) -> Iterator[Any]:
        """Each row's own value; BadInputError at the first row that does not name it."""
        return map(self._value, count(), self.rows) if self.names else iter(self.rows)

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def first(self) -> Any:
        """The value of the first row."""
        return next(iter(self))

    @property
    def named(self) -> bool:
        """Whether its rows are objects by input name; all are, or none is."""
        first = next(iter(self.rows))
        return bool(self.names) and is_object(first) and not is_base64(first)

    def place(self, index: int) -> str:
        """Where a row stands: `instances[3]`, `instances[3].mask`, `inputs.mask[3]`."""
        return f"{self.before}[{index}]{self.after}"

    def _value(self, index: int, row: Any) -> Any:
        if len(self.names) == 1:
            if is_object(row) is not is_object(next(iter(self.rows))):
                raise BadInputError("instances must all be named, all be base64, or all be lists of numbers")
            if not is_object(row) or is_base64(row):
                return row
        return _named(row, self.names, self.before, f"[{index}]")[self.name]


def check_keys(document: Any) -> None:
    """BadInputError where an object of simdjson's has a key that no request has, or one twice.

    For who has another parser make Python's objects of it all: of what nobody reads, too, and of the last of equal
    keys, where simdjson reads the first.
    """
    found = list(islice(document, 1 + len(_KEYS)))
    if len(_KEYS.intersection(found)) < len(found):
        said = quoted(", ".join(map(quoted, found)))
        raise BadInputError(f"a large body has `instances` or `inputs`, and `signature_name`, once each, not {said}")


def columns(document: Any, names: Sequence[str]) -> tuple[str, list[Column]]:
    """The key of the rows, and a column for each name, all of one length; BadInputError where they are not there."""
    keys = [key for key in ANSWER_KEYS if key in document]
    if len(keys) != 1:
        raise BadInputError("the body needs either `instances` (rows) or `inputs` (columns), and not both")
    key = keys[0]
    read = (_rows if key == "instances" else _columns) if len(names) > 1 else _only
    return key, read(document[key], key, names)


def _only(value: Any, key: str, names: Sequence[str]) -> list[Column]:
    """The one input's rows, with or without its name."""
    if key != "instances":
        named = is_object(value) and not is_base64(value)
        return [Column(_filled(_named(value, names, key)[names[0]] if named else value, key), key)]
    return [Column(_filled(value, key), key, name=names[0], names=names)]


def _rows(rows: Any, key: str, names: Sequence[str]) -> list[Column]:
    """Rows of several inputs: each names them all."""
    return [Column(_filled(rows, key), key, f".{name}", name, names) for name in names]


def _columns(value: Any, key: str, names: Sequence[str]) -> list[Column]:
    """Columns of several inputs: each has as many rows."""
    named = _named(value, names, key)
    found = [Column(_filled(named[name], f"{key}.{name}"), f"{key}.{name}") for name in names]
    if len({len(column) for column in found}) > 1:
        counts = " and ".join(f"{name} has {len(column)}" for name, column in zip(names, found, strict=True))
        raise BadInputError(f"{key} must have as many rows of each input: {counts}")
    return found


def _named(value: Any, names: Sequence[str], place: str, index: str = "") -> Any:
    """An object of exactly these names."""
    if is_object(value) and len(value) == len(names) and all(map(value.__contains__, names)):
        return value
    wanted = ", ".join(map(repr, names))
    if not is_object(value):
        raise BadInputError(f"{place}{index} is {word(value)} where an object belongs: this model takes {wanted}")
    found = quoted(", ".join(sorted(map(quoted, islice(value, _MOST_NAMES))))) or "nothing"
    raise BadInputError(f"{place}{index} names {found}: this model takes {wanted}")


def _filled(rows: Any, place: str) -> Any:
    if not is_list(rows) or not len(rows):
        raise BadInputError(f"{place} must be a list of at least one row")
    return rows

"""JSON that was parsed: Python's own lists and objects, or simdjson's views of them.

A view makes a Python object of what is looked at, when it is looked at. So a body that is refused costs what was read
of it up to its first fault, and not an object for each of its values.
"""

from typing import Any

import simdjson

_WORDS = {simdjson.Array: "list", simdjson.Object: "dict"}


def is_list(value: Any) -> bool:
    """Whether a value is a list of JSON."""
    return isinstance(value, list | simdjson.Array)


def is_object(value: Any) -> bool:
    """Whether a value is an object of JSON."""
    return isinstance(value, dict | simdjson.Object)


def is_base64(value: Any) -> bool:
    """Whether a value is `{"b64": "..."}`: bytes, not an object by input name."""
    return is_object(value) and len(value) == 1 and isinstance(value.get("b64"), str)


def word(value: Any) -> str:
    """Python's name of what a value is, for an error."""
    return _WORDS.get(type(value), type(value).__name__)


def as_python(value: Any) -> Any:
    """The same in Python's own lists."""
    return value.as_list() if isinstance(value, simdjson.Array) else value

"""Any JSON over REST: a template of the request, and a JMESPath to what counts of the answer.

In a template the string `$NAME` stands for the row of that input, as `{"inputs": ["$image"], "top": 1}`; `$$` at the
beginning of another string is a dollar sign. Without a template a request is an object of all inputs by name.
"""

import json
from collections.abc import Mapping
from typing import Any

from serveoff.loadtests.attached import paths, rows
from serveoff.loadtests.attached.reading import at, document, reading
from serveoff.loadtests.payloads.json_rows import dumps
from serveoff.models.tensors import Batch

protocol = "rest"
kind = "json"
method = ""
MARK = "$"
path = paths.as_it_is
model = paths.model_in


def encode(model: str, inputs: Batch, template: str = "") -> bytes:
    """The template with the row in it; ValueError where it asks for another input, or leaves one out."""
    row = rows.one_row(inputs, binary=rows.base64)
    if not template:
        return dumps(row)
    used: set[str] = set()
    filled = _filled(_parsed(template), row, used)
    if left := row.keys() - used:
        raise ValueError(f"the template has no place for {', '.join(sorted(left))}: write {MARK}{min(left)}")
    return dumps(filled)


def read(answer: bytes, path: str = "") -> Batch:
    """What the path finds, or all."""
    found = document(answer)
    return reading(at(path, found) if path else found)


def _parsed(template: str) -> Any:
    try:
        return json.loads(template)
    except ValueError as error:
        raise ValueError(f"the template is not JSON ({error})") from None


def _filled(part: Any, row: Mapping[str, Any], used: set[str]) -> Any:
    if isinstance(part, dict):
        return {key: _filled(inner, row, used) for key, inner in part.items()}
    if isinstance(part, list):
        return [_filled(inner, row, used) for inner in part]
    if not isinstance(part, str) or part[:1] != MARK:
        return part
    name = part[1:]
    if name[:1] == MARK:
        return name
    if name not in row:
        raise ValueError(f"the template asks for {part}, and the samples have {', '.join(row)}")
    used.add(name)
    return row[name]

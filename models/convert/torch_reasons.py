"""Why PyTorch cannot take a graph from a module: one sentence, with the operator or the user's own line to blame."""

import re
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from serveoff.models.convert import Unconvertible

_FILES = (torch.__file__, traceback.__file__, __file__)
LIBRARIES = ("<", *(str(Path(file).parents[up]) for file, up in zip(_FILES, (1, 0, 1), strict=True)))
"""Below these lies no line of a user's."""
_OPERATORS = (
    r"No ONNX function found for <OpOverload\(op='(?P<operator>[\w.:]+)'",
    r"operator '(?P<operator>[\w.:]+)' to ONNX",
    r"unrecognized namespace (?P<operator>[\w.:]+\w)",
    r"empty schema for [^=]*= (?P<operator>[\w:]+)",
    r"Unsupported quantized op during transformation: (?P<operator>[\w.]+)",
)
"""What exporters say of an operator that they have no rule for."""
_OTHERS = (
    (
        r"Error when translating node .*?target=torch\.ops\.(?P<operator>[\w.]+?)(\.default)?\]",
        "its rule for the operator {operator} does not take what it is given here",
    ),
    (
        r"data-dependent expression (?P<what>.+?) \(unhinted",
        "the module's course depends on its inputs' values ({what}), and a graph has one course for all",
    ),
    (r"Constraints violated \(\w+\)|dynamic .*was (specialized|inferred to be a constant)",
     "the module computes with the number of rows as a fixed number"),
    (r"Python function call '(?P<operator>\w+)'", "the function {operator} is Python, which no graph holds"),
    (r"FakeTensor|tensor subclasses", "the module reads its inputs' values in Python"),
)  # fmt: skip


@contextmanager
def exporting(exporter: str, *refusals: type[Exception]) -> Iterator[None]:
    """Without PyTorch's warnings, and with these errors as ours."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            yield
        except refusals as error:
            raise unconvertible(error, exporter) from error


def unconvertible(error: BaseException, exporter: str) -> Unconvertible:
    """An exporter's error as ours; what it says may lie in the causes of the error."""
    chain = list(_chain(error))
    message = "\n".join(map(str, chain))
    for pattern in _OPERATORS:
        if found := re.search(pattern, message):
            operator = found["operator"]
            return Unconvertible(f"{exporter} has no rule for the operator {operator}", operator)
    where = next(filter(None, map(line_of, reversed(chain))), "")
    for pattern, reason in _OTHERS:
        if found := re.search(pattern, message):
            said = {name: value or "" for name, value in found.groupdict().items()}
            return Unconvertible(
                f"{exporter} cannot take the module: {reason.format(**said)}{where}", said.get("operator", "")
            )
    first = next((line.strip() for line in str(chain[-1]).splitlines() if line.strip()), type(chain[-1]).__name__)
    return Unconvertible(f"{exporter} cannot take the module: {first}{where}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def line_of(error: BaseException) -> str:
    """The innermost line of the user's code that was under way, or ''."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(LIBRARIES)]
    return place_of(own[-1].filename, own[-1].lineno, own[-1].line) if own else ""


def place_of(file: str, line: int | None, text: str | None) -> str:
    """Where a line of the user's is, and what it says; '' for one of a library."""
    return f"; at {Path(file).name}, line {line}: {text}" if text and not file.startswith(LIBRARIES) else ""

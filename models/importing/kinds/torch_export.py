"""PyTorch's exported program, `.pt2`: a zip of a graph as JSON, and of weights.

https://docs.pytorch.org/docs/stable/export/pt2_archive.html

PyTorch has sizes that are written as text evaluated as Python, so what is no arithmetic is refused before it reads one.
"""

import json
import os
import re
import zipfile
from collections.abc import Iterator
from typing import Any, Final

from serveoff.models.importing import unvouched_files
from serveoff.models.importing.errors import damaged, no_model
from serveoff.models.importing.source import Source

NODE = "torch_export"
FRAMEWORK = "torch"
CALLED = "a program of torch.export, model.pt2"

SAVE = "save it again: torch.export.save(torch.export.export(module, inputs), 'model.pt2')"
MOST_GRAPH_BYTES: Final = 128 << 20
"""Of the JSON, which takes some twenty times as much once it is read."""
GRAPH: Final = re.compile(r"(?:[^/]+/)?models/[^/]+\.json|serialized_exported_program\.json")
"""In files of today, and of PyTorch up to 2.7."""
COMPILED: Final = re.compile(r"(?:[^/]+/)?data/aotinductor/.")
_NAMES: Final = re.compile(r"[A-Za-z_]\w*")
_NUMBER: Final = re.compile(r"(?<![\w.])\d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?![\w.])")
_NAME: Final = re.compile(
    r"(?:[suz]|zf|zuf)\d+|[A-Z][A-Za-z]*|(?:OpaqueUnary|Bitwise)Fn_[a-z_0-9]+|true|false|precision"
    r"|positive|negative|nonnegative|nonpositive|nonzero|zero|integer|real|finite"
)
"""Of a size that is free, of SymPy's classes and PyTorch's, which begin with a capital, or SymPy's words for them."""
_EXPRESSION: Final = re.compile(r"[\w\s+\-*/%()<>=!&|~,.']*")


def detect(path: str) -> bool:
    """By its suffix."""
    return path.endswith(".pt2") and os.path.isfile(path)


def check(source: Source) -> None:
    """A sound zip with one graph in it, whose sizes are arithmetic."""
    with unvouched_files.archive(source.path, SAVE) as archive:
        graphs = [name for name in archive.namelist() if GRAPH.fullmatch(name)]
        if not graphs and any(COMPILED.match(name) for name in archive.namelist()):
            text = f"{source.path} holds a library that AOTInductor compiled, machine code for one kind of CPU"
            raise no_model(text, "give the program that it was compiled from: what torch.export.save wrote")
        if len(graphs) != 1:
            raise no_model(f"{source.path} holds {len(graphs) or 'no'} programs of torch.export, not one", SAVE)
        for size in _sizes(_graph(archive, graphs[0], source.path)):
            if not _is_arithmetic(size):
                raise no_model(f"{source.path} holds code where a size should be: {size[:80]!r}", SAVE)


def _graph(archive: zipfile.ZipFile, name: str, path: str) -> Any:
    if archive.getinfo(name).file_size > MOST_GRAPH_BYTES:
        raise damaged(f"{path}: its graph is larger than {MOST_GRAPH_BYTES >> 20} MiB", SAVE)
    try:
        return json.loads(archive.read(name))
    except (ValueError, RecursionError) as error:
        raise damaged(f"{path}: its graph is no JSON ({error})", SAVE) from None


def _sizes(value: Any) -> Iterator[str]:
    """Everything in the graph that PyTorch evaluates: what is called so, and the names of free sizes."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if isinstance(text := one.get("expr_str"), str):
                yield text
            if isinstance(ranges := one.get("range_constraints"), dict):
                yield from ranges
            left += one.values()
        elif isinstance(one, list):
            left += one


def _is_arithmetic(text: str) -> bool:
    rest = _NUMBER.sub("0", text)
    known = all(_NAME.fullmatch(name) for name in _NAMES.findall(rest))
    return known and _EXPRESSION.fullmatch(rest) is not None and not re.search(r"\.\s*[A-Za-z_]", rest)

"""Passages of the documentation that four installed libraries carry in their docstrings.

Real prose, written by many authors, and nothing to download. Passages are split by source file: those of the held-out
split are from files that the network learned nothing of. What stands in several files (a parameter's description that
was copied, say) tells nothing of where it is from, and is left out, as are the libraries' own names
(models/zoo/text_transformer/tokens.py). Other releases of the libraries have other docstrings, and give other weights.
"""

import ast
import importlib.util
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from serveoff.models.tensors import Examples
from serveoff.models.zoo.text_transformer import LENGTH, LIBRARIES, SPEC
from serveoff.models.zoo.text_transformer.tokens import encode, words_of

PARTS = {
    "keras": ("src",),
    "scipy": ("fft", "interpolate", "linalg", "ndimage", "optimize", "signal", "sparse", "spatial"),
    "sklearn": ("",),
    "torch": ("autograd", "distributions", "nn", "optim", "utils"),
}
"""The folders of each library that are read: all of it would take longer than training does."""
OTHERS = frozenset({"tests", "testing", "externals", "legacy", "_vendor"})
"""Folders of tests, and of what a library carries of others."""
LEAST_WORDS = 16
HELD_OUT_FILES = 5
"""Every so many files, by the hash of its path, one is held out."""
MOST_LEARNED = 2800
MOST_HELD_OUT = 250
"""Passages of each library, so that none is the safer guess."""

Passage = tuple[str, ...]
"""16 to 64 words."""
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def load() -> tuple[Examples, Examples]:
    """Token ids (n, 64) int64 and labels (n,), an index into LIBRARIES, to learn from and held out.

    The same each time for the same releases of the libraries.
    """
    learned, held_out = passages()
    return _split(learned, MOST_LEARNED), _split(held_out, MOST_HELD_OUT)


def passages() -> tuple[dict[Passage, str], dict[Passage, str]]:
    """Every passage that stands in one file only, and its library: those of the training files, then the held-out."""
    files: dict[Passage, set[str]] = {}
    for library in LIBRARIES:
        for path, source in _sources(library):
            for passage in _passages_of(source):
                files.setdefault(passage, set()).add(path)
    found: tuple[dict[Passage, str], dict[Passage, str]] = {}, {}
    for passage, paths in files.items():
        if len(paths) == 1:
            (path,) = paths
            held_out = zlib.crc32(path.encode()) % HELD_OUT_FILES == 0
            found[held_out][passage] = path.partition("/")[0]
    return found


def _sources(library: str) -> Iterator[tuple[str, bytes]]:
    """A library's source files: their paths, which begin with its name, and what they hold. Nothing is imported."""
    found = importlib.util.find_spec(library)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{library} is not installed: text_transformer learns from its documentation")
    root = Path(found.origin).parent
    for part in PARTS[library]:
        for file in sorted((root / part).rglob("*.py")):
            path = file.relative_to(root)
            if OTHERS.isdisjoint(path.parts):
                yield f"{library}/{path.as_posix()}", file.read_bytes()


def _passages_of(source: bytes) -> Iterator[Passage]:
    """A file's docstrings, cut into passages of 64 words; what is left over counts from 16 words on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # such as \d in a plain string: their authors' affair
        tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED):
            words = words_of(ast.get_docstring(node) or "")
            for first in range(0, len(words) - LEAST_WORDS + 1, LENGTH):
                yield tuple(words[first : first + LENGTH])


def _split(found: dict[Passage, str], most: int) -> Examples:
    """Up to so many passages of each library, in the order of a hash, which mixes them and prefers none."""
    shuffled = sorted(found, key=lambda passage: (zlib.crc32(" ".join(passage).encode()), passage))
    left = dict.fromkeys(LIBRARIES, most)
    chosen = []
    for passage in shuffled:
        left[found[passage]] -= 1
        if left[found[passage]] >= 0:
            chosen.append(passage)
    labels = [LIBRARIES.index(found[passage]) for passage in chosen]
    tokens = np.stack([encode(passage) for passage in chosen])
    return Examples({SPEC.inputs[0].name: tokens}, np.array(labels, np.int64))

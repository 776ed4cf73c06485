"""Reading the files of a results folder, which anyone may have damaged, replaced or made."""

import glob
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pydantic import ValidationError
from pydantic_core import from_json

from serveoff.loadtests.recording.windows import BEYOND

NEXT: Final = "restore it from a copy, or measure again"
OURS: Final = Path(__file__).parent.parent
SENSELESS: Final = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    StopIteration,
    RuntimeError,
    MemoryError,
)
"""What contents raise that are of the right types and make no sense: in statistics, in ratios, or in rendering."""


class ResultsError(Exception):
    """A results folder is missing or cannot be read; the message names it and the next action."""


class Damaged(ResultsError):
    """A file that is no whole one of its kind."""

    def __init__(self, text: str, advice: str = NEXT) -> None:
        super().__init__(f"{text}; {advice}" if advice else text)
        self.text = text


class Senseless(ResultsError):
    """What the files of a run say cannot be; or we are mistaken, and `__cause__` says where."""


@contextmanager
def sense_of(what: str) -> Iterator[None]:
    """Whatever senseless contents raise within is said of what is read, as Senseless.

    A defect of ours raises the same: so the message says where, and the cause is kept.
    """
    try:
        yield
    except SENSELESS as error:
        raise Senseless(
            f"{what} cannot be read: {no_sense(error)}, at {_place(error)}; a file may be damaged: delete "
            "analysis.json, restore the others from a copy, or measure again; where all are whole, it is a defect of "
            "serveoff"
        ) from error


def no_sense(error: Exception) -> str:
    """The cause in a line."""
    said = (str(error).splitlines() or [""])[0]
    return f"its contents make no sense ({type(error).__name__}: {said})"


def _place(error: Exception) -> str:
    """The innermost line of ours."""
    frames = traceback.extract_tb(error.__traceback__)
    *_, ours = (frame for frame in frames if Path(frame.filename).is_relative_to(OURS))
    return f"{Path(ours.filename).relative_to(OURS)}:{ours.lineno}"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Whatever goes wrong within is said of this file, as Damaged; that it is not there stays as it is.

    Of what is no regular file nothing is read: a pipe never ends, and a device may not.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise Damaged(f"{path} cannot be read: it is not a regular file")
    try:
        yield
    except FileNotFoundError:
        raise
    except ValidationError as error:
        raise unreadable(path, error) from None
    except (OSError, pa.ArrowException, LookupError, ValueError, RecursionError) as error:
        if isinstance(error, OSError) and error.strerror:
            raise Damaged(f"{path}: {error.strerror}", "") from None
        cause = (str(error).splitlines() or [type(error).__name__])[0]
        raise Damaged(f"{path} cannot be read: {cause}") from None


def matching(folder: Path, pattern: str) -> Iterator[Path]:
    """What a folder has of this pattern; nothing where it is none, or cannot be read, for which `Path.glob` raises."""
    return (folder / name for name in glob.iglob(pattern, root_dir=folder, include_hidden=True))


def contents(path: Path) -> bytes:
    """The bytes of a file; FileNotFoundError where there is none, Damaged where it cannot be read."""
    with reading(path):
        return path.read_bytes()


def check_numbers(path: Path, written: bytes) -> None:
    """Damaged where any number of a file's JSON is larger than all that are measured, or is none."""
    if not all(abs(number) < BEYOND for number in _numbers(from_json(written))):
        raise Damaged(f"{path} cannot be read: a number of it is larger than any that is measured")


def _numbers(document: Any) -> Iterator[float]:
    if isinstance(document, int | float):
        yield document
    inner = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for thing in inner:
        yield from _numbers(thing)


def unreadable(path: Path, error: ValidationError) -> Damaged:
    """What to say of a file of results: the first place that is not as it should be, and how."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return Damaged(f"{path} cannot be read{f' at {where}' if where else ''}: {first['msg']}")

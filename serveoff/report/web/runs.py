"""The folders of runs, found without trusting their names, links or sizes."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from flask import current_app

from serveoff.analyse.analysis_file import ANALYSIS_NAME
from serveoff.record.reading import SENSELESS, ResultsError, no_sense
from serveoff.record.suite import SUITE_NAME, Suite, load_without_slices

EXTENSION: Final = "serveoff"
LARGEST_SUITE_BYTES: Final = 16 * 10**6
"""A suite of every endpoint in the full profile has a tenth of this."""
LARGEST_ANALYSIS_BYTES: Final = 48 * 10**6
"""So has its analysis."""
BROKEN: Final = (ResultsError, OSError, *SENSELESS)
"""What damaged contents raise, in reading them, in ratios, or in rendering."""


class NoSuchRun(Exception):
    """No run of this name lies directly in the results folder."""


class Unreadable(Exception):
    """A run is there and cannot be shown; the message says why."""


@dataclass(frozen=True)
class Found:
    """A run's folder with the time of change and size of its file; `problem` says why it is not to be read, if so."""

    name: str
    folder: Path
    changed_ns: int = 0
    size: int = 0
    problem: str = ""

    @property
    def shown_name(self) -> str:
        """The name as text: a byte that is no UTF-8 shows as a replacement sign."""
        return os.fsencode(self.name).decode(errors="replace")

    @property
    def addressable(self) -> bool:
        """The name can stand in an address."""
        return self.shown_name == self.name


def results_folder() -> Path:
    """That of the application that answers this request."""
    root = current_app.extensions[EXTENSION]
    assert isinstance(root, Path)
    return root


def find_runs(root: Path, file: str = SUITE_NAME) -> list[Found]:
    """Every run in the results folder, or whatever has another `file`; OSError where that cannot be read.

    No results folder: no runs yet.
    """
    try:
        names = os.listdir(root)
    except FileNotFoundError:
        return []
    return [found for name in names if (found := _look(root, name, file)) is not None]


def find_run(root: Path, name: str, file: str = SUITE_NAME) -> Found:
    """The run of one name, which comes from an address; NoSuchRun for anything but a folder of the results folder."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise NoSuchRun(name)
    found = _look(root, name, file)
    if found is None:
        raise NoSuchRun(name)
    return found


def read_suite(found: Found) -> Suite:
    """The run's suite, without its slices, of which there may be any number; Unreadable where it is none, or locked."""
    with readable(found):
        return load_without_slices(found.folder)


@contextmanager
def readable(found: Found) -> Iterator[None]:
    """Whatever damaged contents raise within becomes Unreadable; so does what is not to be read at all."""
    if found.problem:
        raise Unreadable(found.problem)
    try:
        yield
    except BROKEN as error:
        raise Unreadable(_why(found, error)) from error


def _look(root: Path, name: str, file: str) -> Found | None:
    """No link is followed: it could lead out of the results folder."""
    folder = root / name
    try:
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            return None
        written = os.lstat(folder / file)
    except PermissionError as error:
        return Found(name, folder, problem=f"{file}: {error.strerror}")
    except OSError:
        return None
    found = Found(name, folder, written.st_mtime_ns, written.st_size, _refusal(written, file))
    return found if found.addressable else replace(found, problem="the folder's name is not UTF-8")


def _refusal(written: os.stat_result, file: str) -> str:
    if not stat.S_ISREG(written.st_mode):  # a pipe would block its reader for ever
        return f"{file} is not a regular file"
    largest = LARGEST_ANALYSIS_BYTES if file == ANALYSIS_NAME else LARGEST_SUITE_BYTES
    if written.st_size > largest:
        return f"{file} has {written.st_size / 1e6:,.0f} MB: more than {largest // 10**6} MB are not read"
    return ""


def _why(found: Found, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{Path(error.filename).name}: {error.strerror}" if isinstance(error.filename, str) else error.strerror
    said = (str(error).splitlines() or [""])[0] if isinstance(error, ResultsError) else no_sense(error)
    return said.replace(f"{found.folder}/", "")

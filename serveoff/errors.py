"""Errors a user can act on: what, why and the next step on one screen, each kind with its own exit code."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path
from typing import Final

from serveoff.record.problems import Problem, StartCode


class ExitCode(IntEnum):
    """What the shell sees. docs/exit-codes.md lists them; a test keeps the two equal."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    ARTIFACT = 3
    REGISTRY = 4
    SERVER = 5
    RESULTS = 6
    NOTHING_VALID = 7
    ENGINE = 8
    BUSY = 9
    UNWRITABLE = 10
    REGRESSION = 99
    INTERRUPTED = 130


class ServeoffError(Exception):
    """A user-facing failure: the message names the thing and the cause, the hint the next action."""

    exit_code = ExitCode.INTERNAL

    def __init__(self, message: str, hint: str = "", told: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.told = told
        """The user has read of it already, in the words of the process that failed."""


class UsageError(ServeoffError):
    """An option's value cannot be used."""

    exit_code = ExitCode.USAGE


class ArtifactFailure(ServeoffError):
    """Export or verification failed, or an artifact was refused."""

    exit_code = ExitCode.ARTIFACT


class UnknownName(ServeoffError):
    """A deployment or endpoint is not in the registry."""

    exit_code = ExitCode.REGISTRY


class ServerFailed(ServeoffError):
    """A server did not start, or ended; the message carries its last log lines."""

    exit_code = ExitCode.SERVER

    def __init__(self, code: StartCode, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.problem = Problem(code=code, text=message, advice=hint)


class LoadGeneratorFailure(ServeoffError):
    """The load generator does not come up, or fails again and again."""


class ResultsFailure(ServeoffError):
    """A results folder is missing, unreadable or of another machine or model."""

    exit_code = ExitCode.RESULTS


class NotWritten(ServeoffError):
    """A disk is full, or a folder is read-only, gone, or none."""

    exit_code = ExitCode.UNWRITABLE


class CoresBusy(ServeoffError):
    """Another run has the cores."""

    exit_code = ExitCode.BUSY


class EngineFailure(ServeoffError):
    """The container engine or Compose is missing, too old, or refused what it was asked."""

    exit_code = ExitCode.ENGINE


_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
_REFUSED: Final = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP, errno.EISDIR}
)
_NO_FOLDER: Final = frozenset({errno.EEXIST, errno.ENOTDIR})


@contextmanager
def writing_to(folder: Path, hint: str) -> Iterator[None]:
    """What keeps the body from writing there becomes NotWritten, with this hint; other errors of the system pass."""
    try:
        yield
    except OSError as error:
        there = _is_there(error.filename, folder)
        if error.errno not in _FULL and not (there and error.errno in _REFUSED | _NO_FOLDER):
            raise
        place = folder if there else error.filename
        if error.errno == errno.ENOENT:
            raise NotWritten(f"cannot write to {place}: it was removed", "start again, and leave it there") from None
        cause = "it is not a folder" if error.errno in _NO_FOLDER else os.strerror(error.errno or 0)
        raise NotWritten(f"cannot write to {place}: {cause}", hint) from None


def check_writable(folder: Path, variable: str) -> None:
    """NotWritten where no file can be made there, or where it would be: better known before a run than after it."""
    hint = f"name another folder: {variable}=FOLDER"
    with writing_to(folder, hint), suppress(FileNotFoundError, NotADirectoryError):
        folder.stat()
    there = next(path for path in (folder, *folder.parents) if os.path.exists(path))
    with writing_to(there, hint), tempfile.TemporaryFile(dir=there) as file:
        file.write(b"0" * 4096)


def _is_there(name: str | bytes | os.PathLike[str] | int | None, folder: Path) -> bool:
    """Whether the path of an error is of this folder, in it or above it; many errors have none."""
    if name is None or isinstance(name, int):
        return True
    path = Path(os.fsdecode(name))
    return path.is_relative_to(folder) or folder.is_relative_to(path)

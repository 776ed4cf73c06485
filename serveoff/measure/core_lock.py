"""Cores belong to one run at a time: two that share them would both measure the other's load."""

import fcntl
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from serveoff.errors import CoresBusy, writing_to

FOLDER_VARIABLE: Final = "SERVEOFF_LOCKS"
MODE: Final = 0o666
"""Of a lock's file: runs of all users of the machine share its cores."""
LOCKS: Final = Path("/run/lock")
"""Where a system keeps locks (https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch05s09.html), often for all users."""
TEMPORARY: Final = Path("/tmp")


@contextmanager
def cores_locked(cpus: Iterable[int], owner: str) -> Iterator[None]:
    """Hold these cores for `owner` (a run's id); CoresBusy, with the id of who has them, where one is taken.

    NotWritten where there is no folder for the files that are locked.

    The kernel lets go of them when the process ends, however it does.
    """
    with ExitStack() as held:
        for cpu in sorted(set(cpus)):
            held.enter_context(_locked(cpu, owner))
        yield


def check_cores(cpus: Iterable[int]) -> None:
    """CoresBusy where another run has one of these cores now."""
    with cores_locked(cpus, ""):
        pass


def lock_folder(locks: Path = LOCKS) -> Path:
    """Where the files are that are locked, unless SERVEOFF_LOCKS names another.

    It is the same for all users and whatever TMPDIR is, or two runs that differ in these would not see each other; on
    macOS it is the user's own.
    """
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    if sys.platform == "darwin":
        return Path(tempfile.gettempdir())
    return locks if _takes_files_of_all(locks) else TEMPORARY


def _takes_files_of_all(folder: Path) -> bool:
    """By its mode, for root can write to any; none may remove a file of another's."""
    try:
        mode = folder.stat().st_mode
    except OSError:
        return False
    return mode & stat.S_IWOTH != 0 and mode & stat.S_ISVTX != 0 and os.access(folder, os.W_OK)


@contextmanager
def _locked(cpu: int, owner: str) -> Iterator[None]:
    folder = lock_folder()
    with writing_to(folder, f"name another folder: {FOLDER_VARIABLE}=FOLDER"):
        file = _open(folder / f"serveoff-core-{cpu}.lock")
    try:
        _take(file, cpu)
        if fcntl.fcntl(file, fcntl.F_GETFL) & os.O_RDWR:  # a file of another user cannot be written to
            with suppress(OSError):  # a full disk keeps no name, and the lock holds
                os.ftruncate(file, 0)
                os.pwrite(file, owner.encode(), 0)
        yield
    finally:
        os.close(file)


def _take(file: int, cpu: int) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(file, 100, 0).decode(errors="replace") or "another run"
        raise CoresBusy(
            f"core {cpu} is in use by {owner}", "wait until it ends, or name other cores: --server-cpus, --client-cpus"
        ) from None


def _open(path: Path) -> int:
    """Another user's file is opened to be read, which is enough to lock it."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, MODE)
    except PermissionError:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    if os.fstat(file).st_uid == os.getuid():
        os.fchmod(file, MODE)
    return file

"""Replace a folder as a whole: readers see the old one or the new one, whatever interrupts the writer."""

import ctypes
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serveoff.models import interrupts

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold a folder against other writers, waiting for them to end, and clear up after one that was killed.

    The lock is the process's: the kernel releases it however the process ends.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _recover(target)
        yield


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """An empty folder beside `target` that takes its place when the block ends well, and is removed if not."""
    folder = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
    folder.chmod(0o755)  # mkdtemp's 0700 would keep a container's other user out
    try:
        yield folder
        interrupts.check()
        _replace(target, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replace(target: Path, folder: Path) -> None:
    if not target.exists():
        folder.rename(target)
    elif not _exchange(target, folder):
        # Two renames: if killed between them, the next writer puts the old folder back.
        old = _old(target)
        target.rename(old)
        folder.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step, as Linux's renameat2 does; False where the system or file system cannot."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    if renameat2 is None:
        return False
    return bool(renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)


def _recover(target: Path) -> None:
    old = _old(target)
    if old.exists() and not target.exists():
        old.rename(target)
    for leftover in target.parent.glob(f"{_prefix(target)}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _prefix(target: Path) -> str:
    return f".{target.name}.new-"


def _old(target: Path) -> Path:
    return target.parent / f"{_prefix(target)}old"

"""What a run that was killed could not remove: found at the next start by its runner's id, and removed."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from rich.console import Console

from serveoff.measure.watchdog import RUNNER, is_gone, kill_marked, runner_id
from serveoff.models.spec import state_root
from serveoff.record.reading import matching
from serveoff.record.suite import reports_root, results_root
from serveoff.services.temporary import temporary_folders

IN_RUNS = "*/logs/scratch-*"
IN_TEMPORARY = "serveoff-*"
OVERRIDES = "*.yml"
"""Compose files of preparations, in the folder of the state."""
HALF_WRITTEN = ("*/.*", "*/rows/.*")
OURS = frozenset({".json", ".parquet", ".md", ".html", ".csv"})
"""What we write there; nothing else of a user's is touched."""


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for the body in the system's temporary one, whose name says whose it is."""
    with tempfile.TemporaryDirectory(prefix=temporary_prefix(), ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def temporary_prefix() -> str:
    """How the names of our temporary folders begin: they say whose they are."""
    return f"serveoff-{runner_id()}-"


def scratch(logs: Path) -> Path:
    """Where the servers of this process put what they need only while they run."""
    return logs / f"scratch-{runner_id()}"


def remove_leftovers(console: Console, **others: int) -> None:
    """End the processes and remove the folders and half-written files of runners that are gone, and say so in one line.

    `others` are numbers of other things that were removed, to be said with them.
    """
    processes = kill_marked(is_gone)
    temporary = (path for folder in temporary_folders() for path in matching(folder, IN_TEMPORARY))
    folders = [*temporary, *matching(results_root(), IN_RUNS)]
    orphaned = list(filter(_is_gone, folders))
    for path in orphaned:
        shutil.rmtree(path, ignore_errors=True)
    half = {*filter(_is_half_written, _hidden()), *filter(_is_gone, matching(state_root(), OVERRIDES))}
    for path in half:
        path.unlink(missing_ok=True)
    removed = {"folders": sum(not path.exists() for path in orphaned), "files": len(half)}
    counts = {"processes": processes, **removed, **others}
    if any(counts.values()):
        said = ", ".join(f"{name}: {count}" for name, count in counts.items() if count)
        console.print(f"removed leftovers of a killed run: {said}", highlight=False)


def remove_half_written(path: Path) -> None:
    """Remove what processes that were killed had written of this file; OSError where its folder cannot be read."""
    for found in path.parent.iterdir():
        if found.stem == f".{path.name}" and _is_abandoned(found):
            found.unlink(missing_ok=True)


def _hidden() -> Iterator[Path]:
    for root in (results_root(), reports_root(), state_root()):
        for pattern in HALF_WRITTEN:
            yield from matching(root, pattern)


def _is_half_written(path: Path) -> bool:
    return Path(path.stem).suffix in OURS and _is_abandoned(path)


def _is_abandoned(path: Path) -> bool:
    """Whether this is what `written_whole` had written for a process that was killed."""
    pid = path.suffix[1:]
    return pid.isdecimal() and not psutil.pid_exists(int(pid))


def _is_gone(path: Path) -> bool:
    """Whether the runner that the path is named after has ended."""
    found = RUNNER.search(path.name)
    return found is not None and is_gone(found[0])

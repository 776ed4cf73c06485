"""A process and all below it: which there are, and the CPU seconds that they have used."""

import sys
import time
from contextlib import suppress

import psutil

from serveoff.measure.audit.readings import Reading

LIST_EVERY_S = 1.0
"""To list a tree takes milliseconds; a process that comes meanwhile is counted from its first listing on."""


class ProcessTree:
    """Reads the tree of one server again and again, in microseconds."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._tree: list[psutil.Process] = []
        self._listed_at = float("-inf")
        # CPU seconds of a process that ended are kept: a worker that is replaced must not make the sum fall.
        self._cpu_s: dict[int, float] = {}

    def refresh(self) -> None:
        """List the tree anew where that was long ago; not to be called while requests are timed."""
        if time.monotonic() - self._listed_at >= LIST_EVERY_S:
            self._tree, self._listed_at = process_tree(self._pid), time.monotonic()

    def pids(self) -> frozenset[int]:
        """Those of the listed processes that are still there."""
        return frozenset(process.pid for process in self._tree if process.is_running())

    def read(self) -> Reading:
        """CPU seconds of all that were ever seen."""
        for process in self._tree:
            with suppress(OSError, psutil.Error):
                self._cpu_s[process.pid] = cpu_seconds(process)
        return Reading(sum(self._cpu_s.values()))


def cpu_seconds(process: psutil.Process) -> float:
    """What a process has used; on Linux to the nanosecond, by its clock (clock_getcpuclockid(3)).

    OSError or psutil.Error where it is gone.
    """
    if sys.platform == "linux":
        return time.clock_gettime(~process.pid << 3 | 2)
    times = process.cpu_times()
    return float(times.user + times.system)


def process_tree(pid: int) -> list[psutil.Process]:
    """A process and all below it; empty where it is gone."""
    try:
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []

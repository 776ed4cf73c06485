"""CPU seconds and memory of a process tree, sampled while a load test runs."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

SAMPLE_EVERY_S = 0.1
LIST_TREE_EVERY = 10


@dataclass
class TreeUsage:
    """Samples of a tree over time: epoch seconds, CPU seconds used so far, bytes resident."""

    times_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    memory_bytes: list[int] = field(default_factory=list)

    def cpu_between(self, start_s: float, end_s: float) -> float | None:
        """CPU seconds used between two instants, interpolated between samples; None without samples there."""
        if len(self.times_s) < 2 or self.times_s[0] > end_s or self.times_s[-1] < start_s:
            return None
        return max(self._cpu_at(end_s) - self._cpu_at(start_s), 0.0)

    def peak_memory_between(self, start_s: float, end_s: float) -> int | None:
        """The largest sum of resident set sizes seen between two instants."""
        window = self.memory_bytes[bisect_left(self.times_s, start_s) : bisect_right(self.times_s, end_s)]
        return max(window, default=None)

    def _cpu_at(self, instant_s: float) -> float:
        i = min(max(bisect_left(self.times_s, instant_s), 1), len(self.times_s) - 1)
        (t0, t1), (c0, c1) = self.times_s[i - 1 : i + 1], self.cpu_s[i - 1 : i + 1]
        share = min(max((instant_s - t0) / (t1 - t0), 0.0), 1.0) if t1 > t0 else 0.0
        return c0 + share * (c1 - c0)


@contextmanager
def sampling(pid: int) -> Iterator[TreeUsage]:
    """Sample the tree below `pid` in a thread for as long as the body runs."""
    usage, stop = TreeUsage(), threading.Event()
    thread = threading.Thread(target=_sample, args=(pid, usage, stop), name="resources", daemon=True)
    thread.start()
    try:
        yield usage
    finally:
        stop.set()
        thread.join()


def _sample(pid: int, usage: TreeUsage, stop: threading.Event) -> None:
    # CPU seconds of a process that ended are kept: a worker that is replaced must not make the sum fall.
    cpu_by_process: dict[int, float] = {}
    tree: list[psutil.Process] = []
    count = 0
    while not stop.is_set():
        if count % LIST_TREE_EVERY == 0:
            tree = process_tree(pid)
        count += 1
        memory = 0
        for process in tree:
            try:
                times, resident = process.cpu_times(), process.memory_info().rss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            cpu_by_process[process.pid] = times.user + times.system
            memory += resident
        usage.times_s.append(time.time())
        usage.cpu_s.append(sum(cpu_by_process.values()))
        usage.memory_bytes.append(memory)
        stop.wait(SAMPLE_EVERY_S)


def process_tree(pid: int) -> list[psutil.Process]:
    """A process and all below it; empty where it is gone."""
    try:
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []

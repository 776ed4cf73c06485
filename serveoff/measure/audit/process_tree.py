"""CPU seconds and memory of a server, sampled while a load test runs; of a process tree, by psutil.

With them the energy of the machine's GPUs, where there is a meter of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil

from serveoff.measure.audit.gpu_energy import Meter
from serveoff.record.usage import Usage

SAMPLE_EVERY_S = 0.1
LIST_TREE_EVERY = 10
PROMPT_S, TRIES = 0.01, 3
"""A sample should take no longer; so often it is taken."""


@contextmanager
def sampling(take: Callable[[Usage], None], meter: Meter | None = None) -> Iterator[Usage]:
    """Have `take` add a sample ten times a second, in a thread, for as long as the body runs, and once at its end.

    With a meter, one of the GPUs' energy is added each time, too.
    """
    usage, stop = Usage(), threading.Event()
    thread = threading.Thread(target=_sample, args=(take, meter, usage, stop), name="resources", daemon=True)
    thread.start()
    try:
        yield usage
    finally:
        stop.set()
        thread.join()


def _sample(take: Callable[[Usage], None], meter: Meter | None, usage: Usage, stop: threading.Event) -> None:
    last = False
    while not last:
        last = stop.is_set()
        take(usage)
        if meter is not None and (energy_j := meter.read_j()) is not None:
            usage.gpu_times_s.append(time.time())
            usage.gpu_energy_j.append(energy_j)
        stop.wait(SAMPLE_EVERY_S)


class ProcessTree:
    """Samples of a process and all below it, by psutil."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        # CPU seconds of a process that ended are kept: a worker that is replaced must not make the sum fall.
        self._cpu_by_process: dict[int, float] = {}
        self._tree: list[psutil.Process] = []
        self._taken = 0

    def take(self, usage: Usage) -> None:
        """Add one sample; where we were held up amid it, its instant would not be known, and it is taken again."""
        if self._taken % LIST_TREE_EVERY == 0:
            self._tree = process_tree(self._pid)
        self._taken += 1
        for _ in range(TRIES):
            began_s = time.time()
            cpu_s, memory_bytes = self._read()
            ended_s = time.time()
            if ended_s - began_s <= PROMPT_S:
                break
        for process in self._tree:
            if usage.times_s and process.pid in cpu_s and process.pid not in self._cpu_by_process:
                _backdate(usage, process.create_time(), ended_s, cpu_s[process.pid])
        self._cpu_by_process |= cpu_s
        usage.times_s.append((began_s + ended_s) / 2)
        usage.cpu_s.append(sum(self._cpu_by_process.values()))
        usage.memory_bytes.append(memory_bytes)

    def _read(self) -> tuple[dict[int, float], int]:
        """CPU seconds of each process that is there, and the memory of all."""
        cpu_s, memory_bytes = {}, 0
        for process in self._tree:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied), process.oneshot():
                times = process.cpu_times()
                memory_bytes += process.memory_info().rss
                cpu_s[process.pid] = times.user + times.system
        return cpu_s, memory_bytes


def _backdate(usage: Usage, born_s: float, now_s: float, used_s: float) -> None:
    """Spread what a process used before it was first seen over its life; in one sample it would be a burst."""
    for index, time_s in enumerate(usage.times_s):
        if time_s > born_s:
            usage.cpu_s[index] += used_s * min(1.0, (time_s - born_s) / (now_s - born_s))


def process_tree(pid: int) -> list[psutil.Process]:
    """A process and all below it; empty where it is gone."""
    try:
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []

"""CPU seconds and memory of a server, sampled while a load test runs; of a process tree, by psutil.

With them the energy of the machine's GPUs, where there is a meter of it.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil

from serveoff.measure.audit.gpu_energy import Meter

SAMPLE_EVERY_S = 0.1
LIST_TREE_EVERY = 10
PROMPT_S, TRIES = 0.01, 3
"""A sample should take no longer; so often it is taken."""


@dataclass
class Usage:
    """Samples of one server over time: epoch seconds, CPU seconds used so far, bytes of memory held.

    A container also has bytes received and sent so far, and seconds throttled so far; a process tree has not.
    """

    times_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    memory_bytes: list[int] = field(default_factory=list)
    network_in_bytes: list[float] = field(default_factory=list)
    network_out_bytes: list[float] = field(default_factory=list)
    throttled_s: list[float] = field(default_factory=list)
    gpu_times_s: list[float] = field(default_factory=list)
    gpu_energy_j: list[float] = field(default_factory=list)
    """Joules of all GPUs so far, at instants of their own; empty without a meter."""

    def cpu_between(self, start_s: float, end_s: float) -> float | None:
        """CPU seconds used between two instants, interpolated between samples; None without samples there."""
        return _between(self.times_s, self.cpu_s, start_s, end_s)

    def network_between(self, start_s: float, end_s: float) -> tuple[int, int] | None:
        """Bytes received and sent between two instants; None where they were not sampled."""
        received = _between(self.times_s, self.network_in_bytes, start_s, end_s)
        sent = _between(self.times_s, self.network_out_bytes, start_s, end_s)
        return None if received is None or sent is None else (round(received), round(sent))

    def throttled_between(self, start_s: float, end_s: float) -> float | None:
        """Seconds in which the engine held the container back; None where that was not sampled."""
        return _between(self.times_s, self.throttled_s, start_s, end_s)

    def energy_between(self, start_s: float, end_s: float) -> float | None:
        """Joules that the GPUs used between two instants; None where that was not sampled."""
        return _between(self.gpu_times_s, self.gpu_energy_j, start_s, end_s)

    def peak_memory_between(self, start_s: float, end_s: float) -> int | None:
        """The largest amount of memory seen between two instants."""
        within = self.memory_bytes[bisect_left(self.times_s, start_s) : bisect_right(self.times_s, end_s)]
        return max(within, default=None)


def _between(times_s: Sequence[float], totals: Sequence[float], start_s: float, end_s: float) -> float | None:
    if len(totals) < 2 or times_s[0] > end_s or times_s[-1] < start_s:
        return None
    return max(_at(times_s, totals, end_s) - _at(times_s, totals, start_s), 0.0)


def _at(times_s: Sequence[float], totals: Sequence[float], instant_s: float) -> float:
    i = min(max(bisect_left(times_s, instant_s), 1), len(totals) - 1)
    (t0, t1), (v0, v1) = times_s[i - 1 : i + 1], totals[i - 1 : i + 1]
    share = min(max((instant_s - t0) / (t1 - t0), 0.0), 1.0) if t1 > t0 else 0.0
    return v0 + share * (v1 - v0)


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

"""What the kernel says of a server's processes: their cores, threads, memory and limits, as files below /proc.

https://man7.org/linux/man-pages/man5/proc_pid_status.5.html; where there is no /proc, nothing is known.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serveoff.measure.audit.cgroups import read_file
from serveoff.measure.runtimes.cpus import parse_cpus

STATUS: Final = "task/*/status"
"""One file for each thread of a process, below /proc/<pid>."""
STAT: Final = "task/*/stat"
LIMITS, GROUPS = "limits", "cgroup"
_RECORD = re.compile(r"^(?=Name:\t)", re.MULTILINE)
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
_COMPILER = re.compile(r"\(C[12] Compiler[^)]*\) \S(?: -?\d+){10} (\d+) (\d+)")
"""A thread of HotSpot's compilers, and its user and system time in clock ticks: proc_pid_stat(5)."""
_AT_WORK = re.compile(r"\(C[12] Compiler[^)]*\) R ")
_ADDRESS_SPACE = re.compile(r"^Max address space\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Thread:
    """One thread. `process` and `parent` are numbers of processes."""

    id: int
    process: int
    parent: int
    name: str
    cpus: tuple[int, ...]


def read_threads(text: str) -> list[Thread]:
    """The threads of a server, from their `status` files one after the other.

    Left out are processes that entered a container from outside, as the one that reads there does: they and the first
    process alone have no parent that can be seen.
    """
    records = [status_fields(record) for record in _RECORD.split(text) if record.startswith("Name:")]
    threads = [_thread(record) for record in records if "Cpus_allowed_list" in record]
    outside = {t.process for t in threads if t.parent == 0 and t.process != 1}
    while entered := {t.process for t in threads if t.parent in outside} - outside:
        outside |= entered
    return [thread for thread in threads if thread.process not in outside]


def pss_bytes(processes: Iterable[int], proc: Path = Path("/proc")) -> int | None:
    """The proportional set sizes of these processes of this machine, summed: a page that n processes map is an n-th.

    It takes milliseconds for a large process. None where the kernel does not say it of all of them, as of another
    user's. https://docs.kernel.org/filesystems/proc.html
    """
    found = 0
    for process in processes:
        try:
            text = (proc / str(process) / "smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
        except OSError:
            return None
        found += 1024 * sum(map(int, _PSS.findall(text)))
    return found or None


def compiling_s(stats: str) -> float:
    """CPU seconds that a JVM's compilers used, from the `stat` files of a server's threads; 0 where there is none."""
    return sum(int(user) + int(system) for user, system in _COMPILER.findall(stats)) / os.sysconf("SC_CLK_TCK")


def compiling(pids: Iterable[int]) -> bool:
    """Whether a JVM among these processes is compiling just now."""
    java = (Path(f"/proc/{pid}") for pid in pids if read_file(Path(f"/proc/{pid}/comm")).strip() == "java")
    return any(_AT_WORK.search(read_file(path)) for process in java for path in process.glob(STAT))


def address_space_limit(limits: str) -> int | None:
    """The smallest RLIMIT_AS of several processes, in bytes, from their `limits` files; None where none has one."""
    return min(map(int, _ADDRESS_SPACE.findall(limits)), default=None)


def _thread(record: Mapping[str, str]) -> Thread:
    return Thread(
        id=int(record["Pid"]),
        process=int(record["Tgid"]),
        parent=int(record["PPid"]),
        name=record["Name"],
        cpus=tuple(parse_cpus(record["Cpus_allowed_list"])),
    )


def status_fields(text: str) -> dict[str, str]:
    """Name to value, from one `status` file."""
    return {name: value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}

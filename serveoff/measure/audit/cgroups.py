"""Control groups of versions 1 and 2: where a process's are, and the limits in them.

https://docs.kernel.org/admin-guide/cgroup-v2.html and https://docs.kernel.org/admin-guide/cgroup-v1/.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Read = Callable[[Path], str]
"""A file's text; empty where there is none. A container's files are read from inside it."""

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
CPU_QUOTA: Final = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
"""Version 1: the time that may be taken in each period; -1 is no limit."""
NO_LIMIT: Final = 2**60
"""Version 1 says `no limit` by a number near 2**63."""
MICRO, NANO = 1e-6, 1e-9


@dataclass(frozen=True)
class MemoryFiles:
    """What a controller calls its limit, what is used of it, and in `memory.stat` the part that can be had back."""

    limit: str
    usage: str
    reclaimable: str


MEMORY: Final = {
    "": MemoryFiles("memory.max", "memory.current", "inactive_file"),
    "memory": MemoryFiles("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}
"""By controller: version 2, which has one without a name, and version 1."""


def read_file(path: Path) -> str:
    """A file of this machine; one of a thread that has ended says nothing."""
    with suppress(OSError):
        return path.read_text(errors="replace")
    return ""


def own_groups() -> str:
    """The `cgroup` file of this process, whose groups hold all processes that it starts."""
    return read_file(OWN)


def control_groups(text: str, root: Path = ROOT) -> Mapping[str, Path]:
    """Controller to its folder, from /proc/<pid>/cgroup; version 2 is the controller without a name."""
    groups = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            groups[controller] = root / controllers / path.lstrip("/")
    return groups


def memory_limit(groups: str, root: Path = ROOT, read: Read = read_file) -> int | None:
    """The smallest limit of the groups and of those above them, in bytes, from a `cgroup` file; None: no limit."""
    return min((limit for _, _, limit in _memory_limits(groups, root, read)), default=None)


def memory_left(groups: str, root: Path = ROOT, read: Read = read_file) -> int | None:
    """Bytes that the groups, and those above them, have room for, from a `cgroup` file; None: there is no limit.

    Files that were read once and are kept are no use of memory: the kernel drops them for what asks for more.
    """
    left = []
    for folder, names, limit in _memory_limits(groups, root, read):
        kept = counters(read(folder / "memory.stat")).get(names.reclaimable, 0)
        left.append(limit - int(read(folder / names.usage) or 0) + kept)
    return min(left, default=None)


def cpu_limit(groups: str, root: Path = ROOT, read: Read = read_file) -> float | None:
    """The smallest share of time that the groups and those above them may take, in cores; None: no limit."""
    return min(cpu_quotas(groups, root, read).values(), default=None)


def cpu_quotas(groups: str, root: Path = ROOT, read: Read = read_file) -> Mapping[Path, float]:
    """Those of the groups, and of those above them, that may not take all of the time, and what they may, in cores."""
    folders, shares = control_groups(groups, root), dict[Path, Sequence[str]]()
    if "" in folders:
        shares |= {path: read(path / "cpu.max").split() for path in _upwards(folders[""], root)}
    if "cpu" in folders:
        shares |= {path: [read(path / name).strip() for name in CPU_QUOTA] for path in _upwards(folders["cpu"], root)}
    told = {path: share for path, share in shares.items() if share and all(share)}
    return {path: int(share[0]) / int(share[1]) for path, share in told.items() if share[0] not in ("max", "-1")}


def held_back_s(groups: Collection[Path], read: Read = read_file) -> float | None:
    """Seconds, summed over cores, that these groups were held back for so far, each by a CPU limit of its own.

    None of no group. A group's `cpu.stat` tells nothing of the limits above it.
    """
    return sum(throttled_s(counters(read(group / "cpu.stat"))) for group in groups) if groups else None


def throttled_s(cpu: Mapping[str, int]) -> float:
    """Seconds in which a group was held back for having used up its CPU limit, from the counters of its `cpu.stat`."""
    return cpu.get("throttled_usec", 0) * MICRO + cpu.get("throttled_time", 0) * NANO


def counters(text: str) -> dict[str, int]:
    """Name to number, from a file of lines such as `usage_usec 2500000`."""
    return {name: int(value) for name, _, value in (line.partition(" ") for line in text.splitlines())}


def _memory_limits(groups: str, root: Path, read: Read) -> Iterator[tuple[Path, MemoryFiles, int]]:
    folders = control_groups(groups, root)
    for controller, names in MEMORY.items():
        for path in _upwards(folders[controller], root) if controller in folders else ():
            text = read(path / names.limit).strip()
            if text not in ("", "max") and int(text) < NO_LIMIT:
                yield path, names, int(text)


def _upwards(folder: Path, root: Path) -> Iterator[Path]:
    """A group and those above it; the root of version 2 has few of their files."""
    for path in (folder, *folder.parents):
        yield path
        if path == root:
            return

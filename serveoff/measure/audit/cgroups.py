"""Control groups of versions 1 and 2: where a process's are, and the limits in them.

https://docs.kernel.org/admin-guide/cgroup-v2.html and https://docs.kernel.org/admin-guide/cgroup-v1/.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

Read = Callable[[Path], str]
"""A file's text; empty where there is none. A container's files are read from inside it."""

ROOT = Path("/sys/fs/cgroup")
MEMORY_LIMITS: Final = {"": "memory.max", "memory": "memory.limit_in_bytes"}
"""Controller to its file: version 2, which has one without a name, and version 1."""
CPU_QUOTA: Final = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
"""Version 1: the time that may be taken in each period; -1 is no limit."""
NO_LIMIT: Final = 2**60
"""Version 1 says `no limit` by a number near 2**63."""


def read_file(path: Path) -> str:
    """A file of this machine; one of a thread that has ended says nothing."""
    with suppress(OSError):
        return path.read_text(errors="replace")
    return ""


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
    folders = control_groups(groups, root).items()
    files = [(folder, MEMORY_LIMITS[controller]) for controller, folder in folders if controller in MEMORY_LIMITS]
    texts = (text for folder, name in files for text in _values(folder, name, root, read))
    return min((size for text in texts if text != "max" and (size := int(text)) < NO_LIMIT), default=None)


def cpu_limit(groups: str, root: Path = ROOT, read: Read = read_file) -> float | None:
    """The smallest share of time that the groups and those above them may take, in cores; None: no limit."""
    folders = control_groups(groups, root)
    shares: list[Sequence[str]] = []
    if "" in folders:
        shares += [text.split() for text in _values(folders[""], "cpu.max", root, read)]
    if "cpu" in folders:
        quotas, periods = (_values(folders["cpu"], name, root, read) for name in CPU_QUOTA)
        shares += zip(quotas, periods, strict=True)
    return min((int(quota) / int(period) for quota, period in shares if quota not in ("max", "-1")), default=None)


def _values(folder: Path, name: str, root: Path, read: Read) -> Iterator[str]:
    """What a file says in a folder and in those above it; the root of version 2 has none."""
    for path in (folder, *folder.parents):
        if text := read(path / name).strip():
            yield text
        if path == root:
            return

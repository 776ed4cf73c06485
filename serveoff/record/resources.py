"""What a server had, as seen from outside and from inside."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from serveoff.record.base import Record
from serveoff.record.problems import Problem

GIB: Final = 2**30


class Container(Record):
    """One deployment's container: what the engine says of it, and what was read from inside it while it ran.

    `image_digest` names the image's content. `cpus`, `memory_limit_bytes` and the rest are seen by its first process;
    `problems` are differences from what was asked for, each of which makes its points INVALID.
    """

    image: str
    image_digest: str
    image_bytes: int
    cpus: list[int]
    cpu_limit: float | None = None
    """CPU seconds a second, at most; None: as many as it has cores."""
    memory_limit_bytes: int | None = None
    user_id: int
    capabilities: int
    """The bounding set as a bit mask: 0 where all are dropped."""
    no_new_privileges: bool
    read_only_root: bool
    versions: dict[str, str] = {}
    """Python and the packages inside; empty where there is no Python."""
    problems: list[Problem] = []


class Resources(Record, extra="ignore"):  # runs of before memory was PSS have resident sets here
    """What a server had, seen inside each of its processes once it was ready and at rest (resource_audit).

    `problems` are differences from what the run asked for, each of which makes its points INVALID. None: not known, or
    for `cpu_limit` and `memory_limit_bytes` no limit.
    """

    cpus: list[int] = []
    """Cores that any thread of any of its processes may run on."""
    processes: int | None = None
    os_threads: int | None = None
    os_threads_at_end: int | None = None
    """After the last round: threads may come with requests."""
    cpu_limit: float | None = None
    """Of its control group, or of one above it, in cores."""
    memory_limit_bytes: int | None = None
    """The smaller of its control group's limit and its processes' RLIMIT_AS."""
    workers: int | None = None
    threads_per_worker: int | None = None
    """Of a server that has no workers to tell of: all its threads that compute."""
    intra_op_threads: int | None = None
    """As the framework says in the worker; 0: as many as it chooses."""
    batch_size: int | None = None
    batch_delay_ms: int | None = None
    """The last five are the server's own word."""
    asked: dict[str, int] = {}
    """What it was asked to be, by those five names; empty for a server as it comes, which was asked for nothing."""
    problems: list[Problem] = []


def cores(cpus: Sequence[int]) -> str:
    """`core 0`, `cores 0, 1`."""
    return f"{'core' if len(cpus) == 1 else 'cores'} {', '.join(map(str, cpus)) or 'unknown'}"


def cpu_limit(limit: float | None) -> str:
    """`no CPU limit`, `a CPU limit of 1.5`."""
    return "no CPU limit" if limit is None else f"a CPU limit of {limit:g}"


def memory_limit(size: int | None) -> str:
    """`no memory limit`, `a memory limit of 4 GiB`."""
    return "no memory limit" if size is None else f"a memory limit of {size / GIB:.4g} GiB"


LIMITS_SAID: Final[Mapping[str, Callable[[Any], str]]] = {
    "cpus": cores,
    "cpu_limit": cpu_limit,
    "memory_limit_bytes": memory_limit,
}
"""The fields of a container that must be equal, and how each is said; of processes, those that they have."""

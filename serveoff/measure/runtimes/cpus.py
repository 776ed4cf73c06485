"""Which cores the server and the load generator may use."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from serveoff.errors import UsageError

MOST_CPUS: Final = 8192
"""As many as Linux knows of."""


@dataclass(frozen=True)
class CpuPlan:
    """Cores of the server and of the load generator; they overlap where one core must do for both."""

    server: tuple[int, ...]
    client: tuple[int, ...]


def available_cpus() -> list[int]:
    """The cores this process may run on; all of them where the system has no affinity."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def plan_cpus(server: str = "", client: str = "") -> CpuPlan:
    """Disjoint cores: by default one for the server and the next for the client, as docker-compose.yml has it."""
    cpus = available_cpus()
    server_cpus = parse_cpus(server) if server else [cpus[0]]
    client_cpus = parse_cpus(client) if client else ([c for c in cpus if c not in server_cpus][:1] or [cpus[-1]])
    missing = missing_cpu({*server_cpus, *client_cpus})
    if missing is not None:
        raise UsageError(f"core {missing} is not available here", f"cores to choose from: {','.join(map(str, cpus))}")
    return CpuPlan(tuple(server_cpus), tuple(client_cpus))


def missing_cpu(cpus: Iterable[int]) -> int | None:
    """The first of these cores that this process may not run on; None where it may use them all."""
    return min(set(cpus) - set(available_cpus()), default=None)


def parse_cpus(text: str) -> list[int]:
    """`0-2,5` to [0, 1, 2, 5], the notation of taskset and Docker's cpuset."""
    cpus: set[int] = set()
    try:
        for part in text.split(","):
            cpus.update(_range(part))
    except ValueError:
        hint = f"write it as 0 or 0-2,5: the lower number first, and all below {MOST_CPUS}"
        raise UsageError(f"{text!r} is not a list of cores", hint) from None
    return sorted(cpus)


def _range(text: str) -> range:
    """ValueError where it has no core, or more than any machine."""
    first, dash, last = text.partition("-")
    found = range(int(first), int(last if dash else first) + 1)
    if not found or found[-1] >= MOST_CPUS:
        raise ValueError
    return found

"""Did the servers of a run all have the same? Unequal resources are what comparisons most often get wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.resources import Container, Resources
from serveoff.record.suite import Suite

GIB: Final = 2**30


def cores(cpus: Sequence[int]) -> str:
    """`core 0`, `cores 0, 1`."""
    return f"{'core' if len(cpus) == 1 else 'cores'} {', '.join(map(str, cpus)) or 'unknown'}"


def cpu_limit(limit: float | None) -> str:
    """`no CPU limit`, `a CPU limit of 1.5`."""
    return "no CPU limit" if limit is None else f"a CPU limit of {limit:g}"


def memory_limit(size: int | None) -> str:
    """`no memory limit`, `a memory limit of 4 GiB`."""
    return "no memory limit" if size is None else f"a memory limit of {size / GIB:.4g} GiB"


RESOURCES: Final[Mapping[str, Callable[[Any], str]]] = {
    "cpus": cores,
    "cpu_limit": cpu_limit,
    "memory_limit_bytes": memory_limit,
}
"""The fields of a container that must be equal, and how each is said; of processes, those that they have."""


def unequal(suite: Suite) -> dict[str, list[str]]:
    """Deployment to what it had and others had not; those that had what most had are not in it.

    Where no value is most of the run's, there is nothing to measure the others by: every deployment is named.
    """
    running = [r for r in suite.endpoints if not r.unavailable]
    found: dict[str, list[str]] = {}
    for field, said in RESOURCES.items():
        had = {r.deployment: said(getattr(box, field)) for r in running if (box := _box(r, field, suite)) is not None}
        usual, count = Counter(had.values()).most_common(1)[0] if had else ("", 0)
        most = usual if 2 * count > len(had) else ""
        for deployment, mine in had.items():
            if mine != most:
                others = most or " or ".join(sorted({value for value in had.values() if value != mine}))
                found.setdefault(deployment, []).append(f"{mine}, where {'most' if most else 'others'} had {others}")
    return found


def _box(result: EndpointResult, field: str, suite: Suite) -> Container | Resources | None:
    """What holds a field of an endpoint: its container, or where there is none its processes.

    Cores that were asked for are not compared between processes: who has others is known to be the one that is wrong.
    """
    if result.container is not None:
        return result.container
    known = field == "memory_limit_bytes" or (field == "cpus" and not suite.settings.server_cpus)
    return result.resources if known else None

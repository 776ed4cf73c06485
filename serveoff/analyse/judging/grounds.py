"""What one point is judged by."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from serveoff.loadtests.recording.windows import Window
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.roles import Role


@dataclass(frozen=True)
class Grounds:
    """What one point is judged by. `samples` are answered requests in raw rows."""

    endpoint: EndpointResult
    role: Role
    windows: Sequence[Window]
    """Of the slices that count."""
    run_complete: bool
    samples: int
    rows_read: int
    lost: Sequence[Window] = ()
    """The other slices, but for one that was interrupted: each has a problem of LOSES."""
    starts_asked: int = 1
    cores: int = 0
    """Of the servers and of the load generator."""
    shared_cores: Sequence[int] = ()
    """Those that both had to do with."""
    row_problems: Sequence[str] = ()
    culprit: str = ""
    """An endpoint of the deployment, this one or another, that answered wrongly: the same server answers for both."""
    unequal: Sequence[str] = ()
    """What its container or its processes had and the others' had not (serveoff.analyse.judging.resource_parity)."""
    failures: Mapping[int, int] = field(default_factory=dict)
    """Requests that failed, by their status in the raw rows."""
    device_asked: str = "cpu"
    """`cuda` where a GPU was asked for: then the endpoint's own word for its device must be one."""
    quantile_s: tuple[float, float] | None = None
    """Of an open loop, the objective's quantile from when requests were due, and from when they were sent."""
    bound_s: float = math.inf
    longest_s: Sequence[float] = ()
    """Of each slice that counts, what its slowest request took, those of the lead-in too."""
    p50_s: float = 0.0
    """The objective: `quantile_s` is at most this."""
    open_ceiling: float | None = None
    """The highest rate, requests a second, that the load generator kept against the null service in this run."""


def share_of(used: Iterable[tuple[float | None, float]]) -> float:
    """What was used of what there was, in the windows that say it."""
    known = [(mine_s, all_s) for mine_s, all_s in used if mine_s is not None]
    total_s = sum(all_s for _, all_s in known)
    return sum(mine_s for mine_s, _ in known) / total_s if total_s else 0.0

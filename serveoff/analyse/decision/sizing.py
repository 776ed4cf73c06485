"""How many replicas of the recommended contender hold a rate, and what a million requests cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from pydantic import Field

from serveoff.analyse.entries import Entry
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.stored_once import EndpointName
from serveoff.analyse.studies.capacity import Capacity

MILLION, HOUR_S, GB = 1e6, 3600.0, 1e9
SPARE: Final = 1
"""Replicas that may be lost."""
TIMES: Final = (0.1, 1.0, 10.0)
"""Rates of the table, in units of the power of ten below a replica's."""


@dataclass(frozen=True)
class SizingRow:
    """A rate in requests a second, the replicas that hold it with SPARE of them lost, and what they take."""

    rate: float
    replicas: int
    memory_bytes: float | None
    """Of all of them."""
    gb_hours_per_million: float | None
    """10^9 bytes of memory for an hour, for 10^6 requests at this rate."""


@dataclass(frozen=True)
class Sizing:
    """The recommended contender's measured capacity under the run's objective, and what follows from it."""

    endpoint: EndpointName
    capacity: Estimate
    """Requests a second of one replica."""
    bound: bool
    """It held the objective at every rate that was tried: its capacity is at least this."""
    per_replica: float
    """What one replica is counted on for: the low end of its capacity's interval."""
    cpu_hours_per_million: float | None
    memory_bytes: float | None
    """Of one replica, at its peak."""
    rows: Annotated[tuple[SizingRow, ...], Field(min_length=1)]

    def at(self, rate: float) -> SizingRow:
        """What a rate takes."""
        replicas = math.ceil(rate / self.per_replica) + SPARE
        memory = None if self.memory_bytes is None else replicas * self.memory_bytes
        hours = None if memory is None else memory / GB * MILLION / rate / HOUR_S
        return SizingRow(rate, replicas, memory, hours)


def sizing(entry: Entry, capacities: Sequence[Capacity]) -> Sizing | None:
    """None where no capacity of it is known: without an open loop, or where no rate held the objective."""
    found = next((c for c in capacities if c.endpoint == entry.name and c.side in ("between", "above")), None)
    if found is None or not found.rate.value:
        return None
    per_replica = found.rate.low or found.rate.value
    memory = entry.result.memory_bytes
    sized = Sizing(
        endpoint=entry.name,
        capacity=found.rate,
        bound=found.side == "above",
        per_replica=per_replica,
        cpu_hours_per_million=MILLION / found.per_cpu_s / HOUR_S if found.per_cpu_s else None,
        memory_bytes=None if memory is None else float(memory),
        rows=(),
    )
    below = 10.0 ** math.floor(math.log10(per_replica))
    return replace(sized, rows=tuple(sized.at(times * below) for times in TIMES))

"""How many requests a second the load generator can drive in an open loop: a search against the null service.

The null service computes nothing, so what ends the search is the generator, HTTP and the parsing of JSON. No capacity
of an endpoint says anything of that endpoint beyond it.
"""

from dataclasses import dataclass

from serveoff.analyse.slice_rows import RunRows
from serveoff.analyse.studies import capacity
from serveoff.analyse.studies.capacity import Capacity
from serveoff.record.roles import role_of
from serveoff.record.suite import Suite


@dataclass(frozen=True)
class Ceiling:
    """What the load generator can drive in an open loop, by a search against the null service; requests a second."""

    capacity: Capacity
    """The highest rate at which the null service held the objective."""
    kept: float | None
    """The highest rate tried that held, below all at which the generator fell behind; None where none did."""
    behind: float | None
    """The lowest rate at which the generator was so late that it decides the answer; None where it never was."""


def study(suite: Suite, rows: RunRows) -> Ceiling | None:
    """The search against the null service; None where this run made none."""
    for result in suite.endpoints:
        if role_of(result) == "null" and any(window.search for window in result.windows):
            found = capacity.of(result, suite.settings, rows)
            behind = [p.rate for p in found.probes if capacity.fell_behind(p)]
            first = min(behind, default=None)
            kept = [p.rate for p in found.probes if p.holds and not p.problem and (first is None or p.rate < first)]
            return Ceiling(found, max(kept, default=None), first)
    return None

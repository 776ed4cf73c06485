"""How many requests a second the load generator can drive in an open loop: a search against the null service.

The null service computes nothing, so what ends the search is the generator, HTTP and the parsing of JSON. No capacity
of an endpoint says anything of that endpoint beyond it.
"""

from __future__ import annotations

from pathlib import Path

from serveoff.analyse.comparison import Ceiling
from serveoff.analyse.point_estimates import ReadRows, role_of
from serveoff.analyse.studies import capacity
from serveoff.record.suite import Suite


def study(folder: Path, suite: Suite, read: ReadRows) -> Ceiling | None:
    """The search against the null service; None where this run made none."""
    for result in suite.endpoints:
        if role_of(result) == "null" and any(window.search for window in result.windows):
            found = capacity.of(folder, result, suite.settings, read)
            behind = [p.rate for p in found.probes if p.problem.startswith(capacity.BEHIND)]
            first = min(behind, default=None)
            kept = [p.rate for p in found.probes if p.holds and not p.problem and (first is None or p.rate < first)]
            return Ceiling(found, max(kept, default=None), first)
    return None

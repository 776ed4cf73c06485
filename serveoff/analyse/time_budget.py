"""Where a run's wall time went: in warm-up, in measured windows, and in all that is neither."""

from __future__ import annotations

import math
from dataclasses import dataclass

from serveoff.record.suite import Suite


@dataclass(frozen=True)
class Spent:
    """Seconds of a run."""

    warmup_s: float
    windows_s: float
    """Of all windows, probes of searches and floors included."""
    wall_s: float

    @property
    def share(self) -> float:
        """Of the wall time, what went into warm-up and windows."""
        return (self.warmup_s + self.windows_s) / self.wall_s


def spent(suite: Suite) -> Spent | None:
    """None for a run that still goes on, was made before warm-ups were recorded, or whose record makes no sense."""
    if suite.warmed_s is None or not suite.wall_s:
        return None
    windows_s = sum(window.duration_s for result in suite.endpoints for window in result.windows)
    found = Spent(suite.warmed_s, windows_s, suite.wall_s)
    return found if math.isfinite(found.warmup_s + found.windows_s + found.wall_s) else None

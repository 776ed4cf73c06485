"""Which figures can be trusted, and which differences are real.

A finding says what was seen, why it may mislead and what to do. One fatal finding makes a point INVALID: it is shown
with its reasons and never ranks. Other findings are cautions beside a VALID point.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from serveoff.analyse.statistics.bootstrap import Estimate

Role = Literal["contender", "variant", "floor", "null"]
Outcome = Literal["better", "worse", "tie", "inconclusive", "no interval", "exact", "unopposed"]

SAME_WITHIN: Final = 0.03
"""Differences wholly within 3% are a tie: too small to choose a deployment for (equivalence by interval: Schuirmann
1987)."""


class FindingCode(StrEnum):
    """What a doubt is about."""

    NOT_MEASURED = "not measured"
    GATE_MISSING = "gate missing"
    """Its answers were not checked before timing."""
    GATE_FAILED = "gate failed"
    WRONG_ANSWERS = "wrong answers"
    """Under load, while it was timed."""
    UNCHECKED = "unchecked"
    """No answer was checked under load."""
    WRONG_DEPLOYMENT = "wrong deployment"
    """Another endpoint of the same server answered wrongly."""
    DEVICE = "device"
    """A GPU was asked for, and it computed elsewhere or does not say."""
    ERRORS = "errors"
    """Requests failed."""
    WINDOW = "window"
    """A window has a problem: serveoff.record.problems."""
    ROWS = "rows"
    """Raw rows cannot be read."""
    ROW_COUNT = "row count"
    """There are more raw rows or fewer than requests were counted."""
    CONTAINER = "container"
    """Its container has not what was asked for."""
    UNEQUAL_CONTAINERS = "unequal containers"
    """Its container has not what the others have."""
    RESOURCES = "resources"
    """Its processes have not what was asked for."""
    UNEQUAL_RESOURCES = "unequal resources"
    """Its processes have not what the others have."""
    THROTTLED = "throttled"
    """Its CPU limit held it back."""
    MISSING_ROUNDS = "missing rounds"
    FEW_SAMPLES = "too few samples"
    """A percentile has no interval."""
    GENERATOR_CEILING = "generator ceiling"
    """The null service's throughput is the generator's limit."""
    GENERATOR_SATURATED = "generator saturated"
    """The generator used up its CPUs."""
    BEYOND_CEILING = "beyond the ceiling"
    """More was asked for than the generator was seen to do."""
    UNSTABLE = "unstable"
    """The rounds disagree."""
    DRIFT = "drift"
    """Latency changed within windows."""
    SHORT_WARMUP = "warm-up too short"
    """It changed in first windows only."""


@dataclass(frozen=True)
class Finding:
    """One doubt about one point."""

    code: FindingCode
    fatal: bool
    seen: str
    why: str
    advice: str


@dataclass(frozen=True)
class Verdict:
    """VALID or INVALID, and all that was found."""

    findings: tuple[Finding, ...] = ()

    @property
    def valid(self) -> bool:
        """No finding is fatal."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """The findings that make the point INVALID."""
        return tuple(f for f in self.findings if f.fatal)

    @property
    def cautions(self) -> tuple[Finding, ...]:
        """The findings to know of, beside a VALID figure."""
        return tuple(f for f in self.findings if not f.fatal)


def difference(ratio: Estimate) -> Outcome:
    """What the interval of `other / this` says of this one, where less is better: better, worse, tie, inconclusive."""
    if ratio.low is None or ratio.high is None:
        return "no interval"
    if ratio.low >= 1 / (1 + SAME_WITHIN) and ratio.high <= 1 + SAME_WITHIN:
        return "tie"
    if ratio.low > 1:
        return "better"
    return "worse" if ratio.high < 1 else "inconclusive"

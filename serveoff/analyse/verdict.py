"""Which figures can be trusted, and which differences are real.

A finding says what was seen, why it may mislead and what to do. One fatal finding makes a point INVALID: it is shown
with its reasons and never ranks. Other findings are cautions beside a VALID point.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from serveoff.analyse.statistics.estimates import Estimate

Outcome = Literal["faster", "slower", "tied", "undecided", "no interval", "unopposed"]
"""Of one thing against another: `faster` is better on any objective, `slower` worse."""

TIED_WITHIN: Final = 0.05
"""Of an interval that holds 1: reaching no further than 5% to either side it is a tie, too small a difference to choose
a deployment for (equivalence by interval: Schuirmann 1987)."""
DECIDED: Final = ("faster", "slower", "tied")


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
    FASTER_THAN_MODEL = "faster than the model itself"
    ERRORS = "errors"
    """Requests failed."""
    LOST_SLICES = "lost slices"
    """Slices do not count, each for a problem of its own: serveoff.record.problems."""
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
    MISSING_STARTS = "missing starts"
    STILL_WARMING = "still warming"
    """It got faster for longer than it was warmed up."""
    GENERATOR_LATE = "generator late"
    """The objective holds by one clock of an open loop, and not by the other."""
    FEW_SAMPLES = "too few samples"
    """A percentile has no interval."""
    GENERATOR_CEILING = "generator ceiling"
    """The null service's throughput is the generator's limit."""
    GENERATOR_SATURATED = "generator saturated"
    """The generator used up its CPUs."""
    STALLED = "stalled"
    """Nothing was answered for a while."""
    SHARED_CORES = "shared cores"
    """Server and load generator had a core in common."""
    BUSY_MACHINE = "busy machine"
    """Others used the run's cores."""
    STOPPED = "left alone"
    """It is not ours, and the run asked it for nothing more."""
    BEYOND_CEILING = "beyond the ceiling"
    """More was asked for than the generator was seen to do."""


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
    """What the interval of a ratio says, where above 1 is better: faster, slower, tied or undecided."""
    if ratio.low is None or ratio.high is None:
        return "no interval"
    if ratio.low > 1:
        return "faster"
    if ratio.high < 1:
        return "slower"
    return "tied" if within(ratio) <= TIED_WITHIN else "undecided"


def within(ratio: Estimate) -> float:
    """How far the interval of a ratio reaches from 1, on its wider side: a tie is `tied within` this share."""
    if not ratio.low or not ratio.high:
        return math.inf
    return max(ratio.high, 1 / ratio.low) - 1

"""Which figures can be trusted, and which differences are real.

A finding says what was seen, why it may mislead and what to do. One fatal finding makes a point INVALID: it is shown
with its reasons and never ranks. Other findings are cautions beside a VALID point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from serveoff.analyse.statistics.bootstrap import Estimate

Role = Literal["contender", "variant", "floor", "null"]
Outcome = Literal["better", "worse", "tie", "inconclusive", "no interval", "exact", "unopposed"]

SAME_WITHIN: Final = 0.03
"""Differences wholly within 3% are a tie: too small to choose a deployment for (equivalence by interval: Schuirmann
1987)."""


@dataclass(frozen=True)
class Finding:
    """One doubt about one point."""

    code: str
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

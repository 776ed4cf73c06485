"""What a worker's clock shows, by the master's: exchanges of four instants, as NTP has them (RFC 5905, section 8).

Both clocks are perf_counter, which nobody sets and which begins when its machine does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

DRIFT: Final = 1e-3
"""Seconds a second by which two clocks part: NTP slews each by up to 500 parts in a million (RFC 5905, appendix A)."""


@dataclass(frozen=True)
class Exchange:
    """A question and its answer, in seconds.

    However unequal the two ways were, the offset is off by no more than half of the time on the way: a way of no time
    would mean the one extreme or the other.
    """

    asked: float
    """By the master's clock."""
    heard: float
    replied: float
    """By the worker's."""
    answered: float
    """By the master's."""

    NOTHING: ClassVar[Exchange]
    """Before the first one: any other is better."""

    @property
    def offset_s(self) -> float:
        """What the worker's clock shows more than the master's."""
        return (self.heard - self.asked + self.replied - self.answered) / 2

    @property
    def bound_s(self) -> float:
        """By how much that may be off, when it was answered."""
        return (self.answered - self.asked - (self.replied - self.heard)) / 2

    def bound_at(self, instant: float) -> float:
        """By how much it may be off at another instant of the master's clock."""
        return self.bound_s + DRIFT * abs(instant - self.answered)

    def or_newer(self, newer: Exchange) -> Exchange:
        """Which of the two tells more by now; where they contradict each other a clock was set, and the newer holds."""
        bound_s = self.bound_at(newer.answered)
        contradicts = abs(newer.offset_s - self.offset_s) > newer.bound_s + bound_s
        return newer if contradicts or newer.bound_s <= bound_s else self


Exchange.NOTHING = Exchange(-math.inf, 0.0, 0.0, 0.0)


def error_s(before: Exchange, after: Exchange, until: float) -> float:
    """By how much the offset of `before` may have been off, until an instant that lies before `after`."""
    return max(before.bound_at(until), abs(after.offset_s - before.offset_s) + after.bound_s)

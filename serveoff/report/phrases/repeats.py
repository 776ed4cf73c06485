"""Words for figures that were measured a few times over: a cold start's median, and what its bounds are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from serveoff.analyse.statistics.few_repeats import Bounds, Spread
from serveoff.report.phrases.names import counted

KINDS: Final[dict[Bounds, str]] = {"range": "range", "interval": "95% interval", "none": ""}


def starts(count: int) -> str:
    """`1 start`, `3 starts`."""
    return counted(count, "start")


def kinds(spreads: Iterable[Spread]) -> str:
    """What the bounds of these are: `range`, `95% interval`, or both; nothing where there are none."""
    return " or ".join(dict.fromkeys(KINDS[s.bounds] for s in spreads if s.bounds != "none"))

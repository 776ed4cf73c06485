"""Bars of which one is so long that it would squeeze the others: the axis ends before it, and its bar is torn."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Final

from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.charts.svg import Scale, line, rect, tag

BEYOND: Final = 3.0
"""So many times the median length, a bar no longer sets the scale."""
ROOM: Final = 1.25
NOTE: Final = "Torn: longer than the axis."


def end_of(lengths: Iterable[float | None]) -> float:
    """Where the axis ends: at the longest bar, or if that is BEYOND the usual, just behind the longest of the rest."""
    known = [length for length in lengths if length]
    if not known:
        return 1.0
    usual = [length for length in known if length <= BEYOND * median(known)]
    return max(known) if len(usual) == len(known) else max(usual) * ROOM


def bar(figure: Estimate, left: float, right: float, y: float, half: float, scale: Scale) -> tuple[list[str], float]:
    """A bar around y with its interval, neither beyond `right`; and where its figure may stand."""
    value, high = figure.value or 0.0, figure.high or 0.0
    end = min(scale(max(value, high)), right)
    marks = [rect(left, y - half, min(scale(value), right) - left, 2 * half, "bar")]
    if scale(value) > right + 1:
        return [*marks, torn(right, y, half)], end
    if figure.low is not None:
        marks.append(line(scale(figure.low), y, end, y, "whisker-on-bar"))
    return marks, end


def torn(x: float, y: float, half: float) -> str:
    """The tear at the end of a bar whose middle is at y."""
    lean = half / 2
    return "".join(
        tag("path", d=f"M{x - at - lean:.1f} {y + half:.1f}L{x - at + lean:.1f} {y - half:.1f}", class_="tear")
        for at in (9.0, 14.0)
    )

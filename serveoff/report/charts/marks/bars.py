"""Columns of bars, one for each measure: side by side behind the rows' labels, or one above the other.

Where one bar is so long that it would squeeze the others, the axis ends before it, and that bar is torn.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Generic, TypeVar

from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.charts.marks.rows import NARROW_BELOW, Label
from serveoff.report.charts.marks.svg import Scale, drawing, group, line, linear_scale, rect, tag, text
from serveoff.report.phrases.numbers import Format, full

T = TypeVar("T")
GAP, VALUES, TOP = 26.0, 62.0, 46.0
ROW, ROW_NARROW, HEADING = 26.0, 42.0, 30.0
HALF = 6.5
"""Of a bar's height."""
BEYOND: Final = 3.0
"""So many times the median length, a bar no longer sets the scale."""
ROOM: Final = 1.25
NOTE: Final = "Broken bar: longer than the axis."


@dataclass(frozen=True)
class Measure(Generic[T]):
    """One column of bars: what it shows of each thing."""

    title: str
    unit: str
    value: Callable[[T], Estimate | None]
    text: Format


@dataclass(frozen=True)
class Row(Generic[T]):
    """One thing's bars; without a thing a heading."""

    label: Label
    thing: T | None = None
    spoken: str = ""
    missing: Callable[[Estimate | None], str] = lambda figure: ""
    """What stands in place of a bar without a figure."""


def exact(value: float | None) -> Estimate | None:
    """A figure that was not estimated."""
    return None if value is None else Estimate(value, None, None, 1)


def draw(rows: Sequence[Row[T]], measures: Sequence[Measure[T]], labels: float, width: float, words: str) -> str:
    """All columns that have a figure; where there is room the labels have a column of so many pixels."""
    things = [row.thing for row in rows if row.thing is not None]
    measures = [measure for measure in measures if any(map(measure.value, things))]
    if not measures:
        return ""
    narrow = width < NARROW_BELOW
    places = list(_places(rows, narrow))
    height = places[-1] + (ROW_NARROW if narrow else ROW)
    span = width if narrow else (width - labels) / len(measures)
    body = []
    for number, measure in enumerate(measures):
        left, top = (0.0, number * height) if narrow else (labels + number * span, 0.0)
        right = left + span - VALUES - (0 if narrow else GAP)
        body += _column(measure, rows, [y + top for y in places], left, right, top)
        if narrow or number == 0:
            edge = left + 4 if narrow else labels - 18
            body += [_label(row, edge, y + top, narrow) for row, y in zip(rows, places, strict=True)]
    return drawing(width, height * (len(measures) if narrow else 1), words, body)


def _places(rows: Sequence[Row[T]], narrow: bool) -> Sequence[float]:
    """The middle of every row's bar, or of a heading's words."""
    y, found = TOP, []
    for row in rows:
        height, above = (HEADING, 18.0) if row.thing is None else (ROW_NARROW, 28.0) if narrow else (ROW, ROW / 2)
        found.append(y + above)
        y += height
    return found


def _label(row: Row[T], edge: float, y: float, narrow: bool) -> str:
    """Above the bar, or before it; a heading begins at the left edge."""
    heading = row.thing is None
    x, anchor = (4.0 if heading else edge, "start") if narrow or heading else (edge, "end")
    words = tag("text", row.label.spans, x=x, y=y - 13 if narrow and not heading else y + 4.5, text_anchor=anchor)
    return tag("g", words, class_=f"fam-{row.label.family}")


def _column(
    measure: Measure[T], rows: Sequence[Row[T]], places: Sequence[float], left: float, right: float, top: float
) -> list[str]:
    figures = [measure.value(row.thing) if row.thing is not None else None for row in rows]
    known = [f for f in figures if f is not None and f.value is not None]
    scale = linear_scale(end_of(f.high or f.value for f in known), left, right)
    title = tag("tspan", measure.title, class_="panel-title") + tag("tspan", measure.unit, class_="axis", dx=8)
    drawn = [tag("text", title, x=left, y=top + 22), line(left, top + 34, left, places[-1] + 12, "base")]
    for row, figure, y in zip(rows, figures, places, strict=True):
        if row.thing is not None:
            drawn.append(_bar(measure, row, figure, left, right, y, scale))
    return drawn


def _bar(
    measure: Measure[T], row: Row[T], figure: Estimate | None, left: float, right: float, y: float, scale: Scale
) -> str:
    if figure is None or figure.value is None:
        return text(left + 6, y + 4.5, row.missing(figure), "note")
    drawn, end = bar(figure, left, right, y, HALF, scale)
    drawn.append(text(end + 6, y + 4.5, measure.text(figure.value), "value"))
    return group(
        drawn, f"fam-{row.label.family}", f"{row.spoken}: {measure.title} {full(figure, measure.text, measure.unit)}"
    )


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

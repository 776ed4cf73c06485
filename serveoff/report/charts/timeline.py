"""CPU share and memory of each server over its visits, with the measured windows shaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.analyse.studies.timelines import Stretch, Timeline
from serveoff.report.charts.rows import LABEL_WIDTH, NARROW_BELOW, named
from serveoff.report.charts.svg import Scale, drawing, group, line, linear_scale, linear_ticks, tag, text
from serveoff.report.phrases.names import family, label
from serveoff.report.phrases.numbers import megabytes, significant

VALUES, GAP, TOP = 106.0, 18.0, 58.0
ROW_WIDE, ROW_NARROW, TITLE, SPARK = 46.0, 54.0, 20.0, 28.0


@dataclass(frozen=True)
class Measure:
    """One column of rows: what is drawn of a stretch, up to which value, and the row's figure in words."""

    title: str
    series: Callable[[Stretch], Sequence[float]]
    high: float
    words: Callable[[Timeline], str]


@dataclass(frozen=True)
class Column:
    """Where one measure is drawn."""

    left: float
    right: float
    top: float
    row: float
    seconds: float
    """The longest time of all rows: the axis is theirs together."""

    @property
    def scale(self) -> Scale:
        """Seconds of visits to x."""
        return linear_scale(self.seconds, self.left, self.right)

    def base(self, index: int) -> float:
        """The zero line of one row."""
        return self.top + self.row * (index + 1) - 8


def draw(comparison: Comparison, width: float) -> str:
    """The rows: CPU left and memory right, or one above the other; nothing for a run that kept no samples."""
    shown = charted(comparison)
    if not shown:
        return ""
    narrow = width < NARROW_BELOW
    seconds = max(sum(s.duration_s for s in t.stretches) for t in shown)
    measures = _measures(shown)
    if narrow:
        height = TOP + ROW_NARROW * len(shown) + GAP
        columns = [Column(6.0, width - 10, TOP + i * height, ROW_NARROW, seconds) for i in range(len(measures))]
        total = height * len(measures)
    else:
        span = (width - LABEL_WIDTH) / len(measures)
        lefts = [LABEL_WIDTH + i * span for i in range(len(measures))]
        columns = [Column(left, left + span - VALUES, TOP, ROW_WIDE, seconds) for left in lefts]
        total = TOP + ROW_WIDE * len(shown) + 6
    body = [_column(comparison, m, c, shown, narrow) for m, c in zip(measures, columns, strict=True)]
    if not narrow:
        body += [
            named(comparison.entry(t.endpoint).result, LABEL_WIDTH - 18, columns[0].base(i) - 8, "end")
            for i, t in enumerate(shown)
        ]
    words = (
        f"CPU share and memory of {len(shown)} servers over the time of their visits, windows shaded. "
        "The table beneath holds mean, peak and growth."
    )
    return drawing(width, total, words, body)


def charted(comparison: Comparison) -> list[Timeline]:
    """Those of contenders and of the null service; the table has the floors and variants too."""
    return [t for t in comparison.timelines if comparison.entry(t.endpoint).role in ("contender", "null")]


def _measures(shown: Sequence[Timeline]) -> tuple[Measure, Measure]:
    most = max((max(s.memory_bytes) for t in shown for s in t.stretches), default=1)
    share = max(1.0, *(max(s.cpu_share) for t in shown for s in t.stretches))
    return (
        Measure("CPU, share of its cores", lambda s: s.cpu_share, share, _share),
        Measure("Memory", lambda s: s.memory_bytes, float(most or 1), _memory),
    )


def _share(timeline: Timeline) -> str:
    return "" if timeline.mean_share is None else f"mean {significant(timeline.mean_share * 100)}%"


def _memory(timeline: Timeline) -> str:
    return "" if timeline.peak_memory_bytes is None else f"peak {megabytes(timeline.peak_memory_bytes)} MB"


def _column(comparison: Comparison, measure: Measure, column: Column, shown: Sequence[Timeline], narrow: bool) -> str:
    low, high = column.top - 4, column.base(len(shown) - 1) + 4
    drawn = [text(column.left, column.top - 36, measure.title, "panel-title")]
    for tick in linear_ticks(column.seconds, 3):
        if tick <= column.seconds:
            x = column.scale(tick)
            drawn.append(line(x, low, x, high, "grid"))
            drawn.append(text(x, column.top - 10, f"{tick:g}", "tick", "start" if x < column.left + 4 else "middle"))
    drawn.append(text(column.right, column.top - 36, "seconds of visits", "axis", "end"))
    for index, timeline in enumerate(shown):
        drawn.append(_row(comparison.entry(timeline.endpoint), measure, column, index, timeline, narrow))
    return "".join(drawn)


def _row(entry: Entry, measure: Measure, column: Column, index: int, timeline: Timeline, narrow: bool) -> str:
    base = column.base(index)
    y = linear_scale(measure.high, base, base - SPARK)
    since, marks = 0.0, [line(column.left, base, column.right, base, "base")]
    for stretch in timeline.stretches:
        marks.append(_shade(stretch, since, column.scale, base))
        marks.append(_spark(stretch, measure.series(stretch), since, column.scale, y))
        since += stretch.duration_s
    if narrow:
        marks.append(named(entry.result, column.left, base - SPARK - 6, "start"))
        marks.append(text(column.right, base - SPARK - 6, measure.words(timeline), "value", "end"))
    else:
        marks.append(text(column.right + 8, base - 8, measure.words(timeline), "value"))
    return group(
        marks, f"fam-{family(entry.result)}", f"{label(entry.result)}: {measure.title}, {measure.words(timeline)}"
    )


def _shade(stretch: Stretch, since: float, x: Scale, base: float) -> str:
    """The windows; those less than a pixel apart are one."""
    spans: list[list[float]] = []
    for start, end in sorted(stretch.windows):
        left, right = x(since + start), x(since + end)
        if spans and left - spans[-1][1] < 1:
            spans[-1][1] = max(right, spans[-1][1])
        else:
            spans.append([left, right])
    path = "".join(f"M{a:.1f} {base:.1f}V{base - SPARK:.1f}H{b:.1f}V{base:.1f}Z" for a, b in spans)
    return tag("path", d=path, class_="window") if spans else ""


def _spark(stretch: Stretch, values: Sequence[float], since: float, x: Scale, y: Scale) -> str:
    """The middle of each part, joined; a single part is a level line."""
    part = stretch.duration_s / len(values)
    places = [(since + part * (i + 0.5), value) for i, value in enumerate(values)]
    if len(places) == 1:
        places = [(since, values[0]), (since + part, values[0])]
    corners = _corners([(f"{x(t):.1f}", f"{y(v):.1f}") for t, v in places])
    return tag("polyline", points=" ".join(f"{a},{b}" for a, b in corners), class_="spark")


def _corners(places: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without the points in the midst of level lines, which would only make the page larger."""
    heights = [y for _, y in places]
    inner = zip(places[1:-1], heights, heights[1:], heights[2:], strict=False)
    return [places[0], *(p for p, before, own, after in inner if not before == own == after), places[-1]]

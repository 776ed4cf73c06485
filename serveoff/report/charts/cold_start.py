"""What a cold start is made of: a bar of mean pieces, its median with its bounds, and a ring without warm-up."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.cold_start import (
    ENGINE,
    FIRST_REQUEST,
    FRONTEND,
    IMPORTS,
    LOAD,
    PIECES,
    REST,
    UNTOLD,
    WARMUP,
    ColdStarts,
)
from serveoff.report.charts.marks.key import KeyItem, key, square
from serveoff.report.charts.marks.rows import Label, Layout, grid
from serveoff.report.charts.marks.svg import Scale, circle, drawing, group, line, linear_ticks, rect, whisker
from serveoff.report.phrases.cells import bounds_said
from serveoff.report.phrases.names import counted, deployment_phrase, family, format_name, short_server
from serveoff.report.phrases.numbers import significant
from serveoff.report.phrases.runtimes import in_containers

TITLES: Final = {
    ENGINE: "Engine start",
    FRONTEND: "Frontend",
    IMPORTS: "Imports",
    LOAD: "Load",
    WARMUP: "Warm-up",
    REST: "Rest",
    UNTOLD: "Not reported",
    FIRST_REQUEST: "First request",
}
"""What each piece is called."""
WITHOUT: Final = "without warm-up"
CREATE: Final = "create"
MEDIAN: Final = "median"


def draw(comparison: Comparison, width: float) -> str:
    """The chart, or nothing where no deployment reached a first answer."""
    shown = comparison.cold_starts
    if not shown:
        return ""
    layout = Layout(width, top=62, value_width=70, row_wide=30)
    legend, more = key(_key_items(shown), layout.left, width, "fam-floor key")
    layout = replace(layout, top=layout.top + more)
    ticks, scale = _axis(layout, shown)
    start = "container start" if in_containers(comparison) else "spawn"
    body = grid(layout, len(shown), [(t, f"{t:g}") for t in ticks], scale, f"seconds since {start}")
    body += [_row(layout, i, starts, scale) for i, starts in enumerate(shown)]
    body.append(legend)
    words = (
        f"Cold start of {len(shown)} deployments. Quickest: {deployment_phrase(shown[0].entry.result)}, "
        f"{_total(shown[0])}. Slowest: {deployment_phrase(shown[-1].entry.result)}, {_total(shown[-1])}. "
        "The tables hold every figure."
    )
    return drawing(width, layout.bottom(len(shown)) + 8, words, body)


def _axis(layout: Layout, shown: Sequence[ColdStarts]) -> tuple[list[float], Scale]:
    """Ticks and scale from the longest creation, left of zero, to the slowest start."""
    before = max(starts.warm.create_s or 0.0 for starts in shown)
    ticks = linear_ticks(max(_end(starts) for starts in shown), 4 if layout.narrow else 7)
    step, span = ticks[1], ticks[-1] + before
    earlier = [-step * n for n in range(int(before / step), 0, -1)]
    return [*earlier, *ticks], lambda value: layout.left + (layout.right - layout.left) * (value + before) / span


def _end(starts: ColdStarts) -> float:
    """The right end of all that is drawn in one row, in seconds."""
    spread = starts.warm.first_answer_s
    bare = starts.bare.first_answer_s.value if starts.bare else 0.0
    return max(spread.high or spread.value, sum(starts.warm.pieces.values()), bare)


def _row(layout: Layout, index: int, starts: ColdStarts, scale: Scale) -> str:
    y, since, result = layout.y(index), 0.0, starts.entry.result
    marks = [layout.label(index, Label(format_name(result.format), short_server(result), family(result)))]
    if created := starts.warm.create_s:
        half = 11 if layout.narrow else layout.row / 2
        marks.append(rect(scale(-created), y - 8, scale(0) - scale(-created) - 1, 16, "phase-create"))
        marks.append(line(scale(0), y - half, scale(0), y + half, "zero"))
    for piece, seconds in starts.warm.pieces.items():
        marks.append(rect(scale(since), y - 8, scale(since + seconds) - scale(since) - 1, 16, f"piece-{piece}"))
        since += seconds
    spread = starts.warm.first_answer_s
    if spread.low is not None and spread.high is not None:
        marks.append(_median(scale(spread.low), scale(spread.high), scale(spread.value), y))
    if starts.bare:
        marks.append(circle(scale(starts.bare.first_answer_s.value), y + 8, 3.5, "hollow"))
    marks.append(layout.value(index, _total(starts)))
    return group(marks, f"fam-{family(result)}", f"{deployment_phrase(result)}: {_spoken(starts)}")


def _median(low: float, high: float, middle: float, y: float) -> str:
    """A taller stroke in its whisker."""
    return whisker(low, high, y, "whisker-on-bar") + line(middle, y - 8, middle, y + 8, "whisker-on-bar")


def _key_items(shown: Sequence[ColdStarts]) -> list[KeyItem]:
    """What the key explains: whatever is drawn in some row."""
    found = [KeyItem(CREATE, square("phase-create"))] if any(s.warm.create_s for s in shown) else []
    used = [piece for piece in PIECES if any(piece in s.warm.pieces for s in shown)]
    found += [KeyItem(TITLES[piece].lower(), square(f"piece-{piece}")) for piece in used]
    if kinds := bounds_said(s.warm.first_answer_s for s in shown):
        found.append(KeyItem(f"{MEDIAN}, {kinds}", lambda x, y: _median(x, x + 12, x + 6, y)))
    if any(s.bare for s in shown):
        found.append(KeyItem(WITHOUT, lambda x, y: circle(x + 6, y, 3.5, "hollow")))
    return found


def _total(starts: ColdStarts) -> str:
    return f"{significant(starts.warm.first_answer_s.value)} s"


def _spoken(starts: ColdStarts) -> str:
    created = [(CREATE, starts.warm.create_s)] if starts.warm.create_s else []
    known = [*created, *((TITLES[piece].lower(), s) for piece, s in starts.warm.pieces.items())]
    said = ", ".join(f"{words} {significant(seconds)} s" for words, seconds in known)
    without = f"; {WITHOUT} {significant(starts.bare.first_answer_s.value)} s" if starts.bare else ""
    return f"{MEDIAN} {_total(starts)} of {counted(starts.warm.first_answer_s.count, 'start')}; {said}{without}"

"""Seconds from spawn to an open port, a ready model and a first answer, per deployment."""

from __future__ import annotations

from comparison.outcome import Comparison, Entry
from comparison.render.charts.rows import Layout, grid
from comparison.render.charts.svg import Scale, drawing, group, linear_scale, linear_ticks, rect, text
from comparison.render.names import family, short_server
from comparison.render.numbers import significant
from comparison.render.tables import deployments

PHASES = (
    ("port_open_s", "port open", "phase-1"),
    ("ready_s", "model ready", "phase-2"),
    ("first_answer_s", "first answer", "phase-3"),
)


def draw(comparison: Comparison, width: float) -> str:
    """The chart, or nothing where no deployment reached a first answer."""
    shown = [
        e for e in deployments(comparison) if e.result.cold_start and e.result.cold_start.first_answer_s is not None
    ]
    if not shown:
        return ""
    layout = Layout(width, top=62, value_width=70, row_wide=30)
    high = max(_seconds(e, "first_answer_s") or 0.0 for e in shown)
    ticks = linear_ticks(high, 4 if layout.narrow else 7)
    scale = linear_scale(ticks[-1], layout.left, layout.right)
    body = grid(layout, len(shown), [(t, f"{t:g}") for t in ticks], scale, "seconds since spawn")
    body += [_row(layout, i, e, scale) for i, e in enumerate(shown)]
    body.append(_key(layout))
    words = (
        f"Cold start of {len(shown)} deployments. Quickest: {_name(shown[0])}, {_total(shown[0])}. "
        f"Slowest: {_name(shown[-1])}, {_total(shown[-1])}. The table beneath holds every figure."
    )
    return drawing(width, layout.bottom(len(shown)) + 8, words, body)


def _row(layout: Layout, index: int, entry: Entry, scale: Scale) -> str:
    y, since = layout.y(index), 0.0
    marks = [layout.label(index, entry.result.format, short_server(entry.result))]
    for field, _, class_ in PHASES:
        until = _seconds(entry, field)
        if until is None:
            continue
        marks.append(rect(scale(since), y - 8, scale(until) - scale(since) - 1, 16, class_))
        since = until
    marks.append(layout.value(index, _total(entry)))
    return group(marks, f"fam-{family(entry.result)}", f"{_name(entry)}: {_spoken(entry)}")


def _key(layout: Layout) -> str:
    x, y = layout.right, layout.top - 34
    drawn = []
    for _, words, class_ in reversed(PHASES):
        x -= 7.0 * len(words)
        drawn.append(text(x, y + 4, words, "note"))
        x -= 17
        drawn.append(rect(x, y - 6, 12, 12, class_))
        x -= 14
    if layout.narrow:
        drawn = [
            part.replace(f'y="{y + 4:g}"', f'y="{y - 14:g}"').replace(f'y="{y - 6:g}"', f'y="{y - 24:g}"')
            for part in drawn
        ]
    return group(drawn, "fam-flask key")


def _seconds(entry: Entry, field: str) -> float | None:
    value: float | None = getattr(entry.result.cold_start, field)
    return value


def _total(entry: Entry) -> str:
    return f"{significant(_seconds(entry, 'first_answer_s') or 0.0)} s"


def _name(entry: Entry) -> str:
    return f"{short_server(entry.result)} · {entry.result.format}"


def _spoken(entry: Entry) -> str:
    known = [(words, _seconds(entry, field)) for field, words, _ in PHASES]
    return ", ".join(f"{words} {significant(value)} s" for words, value in known if value is not None)

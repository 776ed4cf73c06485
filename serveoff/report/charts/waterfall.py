"""Mean latency with one caller as a bar of its parts, the model first, beside the floor of its format."""

from dataclasses import dataclass, replace
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.server_signals import HALF_A_STEP_S
from serveoff.analyse.studies.waterfall import Breakdown
from serveoff.report.charts.marks.bars import end_of, torn
from serveoff.report.charts.marks.key import KeyItem, Mark, key
from serveoff.report.charts.marks.rows import Layout, grid, label_of, room
from serveoff.report.charts.marks.svg import Scale, drawing, group, line, linear_scale, linear_ticks, rect, text
from serveoff.report.phrases.names import family, phrase
from serveoff.report.phrases.numbers import ms
from serveoff.report.phrases.recommendation import endpoint

SQUARE, BAR, TICK = 15.0, 18.0, 5.0
MARKED, SEEN = 13.0, 0.4
"""A segment at least so wide has its letter; a narrower one than the other is left out."""


@dataclass(frozen=True)
class Part:
    """One piece of a bar: its name in Breakdown, its words, and the letter that marks it on the bar."""

    name: str
    words: str
    letter: str


PARTS: Final = (
    Part("inference", "inference", "I"),
    Part("parse", "parse", "P"),
    Part("serialise", "serialise", "S"),
    Part("queue", "queue", "Q"),
    Part("rest", "unattributed", "U"),
    Part("overhead", "wire and server", "W"),
)
"""As bars are drawn: the model first, so that bars compare with each other and with their floors."""
FINE_S: Final = 1e-5
BOTH: Final = "parse and serialise"


def called(breakdown: Breakdown, part: Part) -> str:
    """What a part of this endpoint is called."""
    return BOTH if part.name == "parse" and breakdown.parse_holds_serialise else part.words


def fine(seconds: float) -> str:
    """Milliseconds; below a hundredth of one to the microsecond, for more was not measured."""
    if seconds >= FINE_S:
        return ms(seconds)
    return f"{seconds * 1e3:.3f}" if seconds >= HALF_A_STEP_S or not seconds else "<0.001"


def draw(comparison: Comparison, width: float) -> str:
    """The chart, or nothing where nothing can be drawn."""
    shown = shown_of(comparison)
    if not shown:
        return ""
    labels = room(comparison.entry(b.endpoint).result for b in shown)
    layout = Layout(width, top=66, value_width=64, row_wide=25, label_width=labels)
    present = [part for part in PARTS if any(part.name in b.parts_s for b in shown)]
    items = [KeyItem(part.words, _lettered(part), SQUARE + 6) for part in present]
    legend, more = key(items, 4, width - 4, "part-key")
    layout = replace(layout, top=layout.top + more)
    end_s = end_of(b.whole_s + (b.encode_s or 0.0) for b in shown)
    ticks = [t for t in linear_ticks(1e3 * end_s, 4) if t <= 1.001e3 * end_s]
    scale = linear_scale(end_s, layout.left, layout.right)
    body = grid(layout, len(shown), [(t / 1e3, f"{t:g}") for t in ticks], scale, "mean milliseconds a request")
    body += [_row(layout, index, comparison, b, scale) for index, b in enumerate(shown)]
    body.append(legend)
    first, last = (f"{endpoint(comparison, b.endpoint)}, {_spoken(b)}" for b in (shown[0], shown[-1]))
    spoken = (
        f"Where the time of {len(shown)} endpoints goes. First: {first}. Last: {last}. The table holds every figure."
    )
    return drawing(width, layout.bottom(len(shown)) + 8, spoken, body)


def shown_of(comparison: Comparison) -> list[Breakdown]:
    """Of contenders; those of all others are in the table."""
    return [b for b in comparison.waterfall if not b.beyond_s and comparison.entry(b.endpoint).role == "contender"]


def _row(layout: Layout, index: int, comparison: Comparison, b: Breakdown, scale: Scale) -> str:
    result, y, since = comparison.entry(b.endpoint).result, layout.y(index), 0.0
    marks = [layout.label(index, label_of(result))]
    for part in PARTS:
        value = b.parts_s.get(part.name, 0.0)
        if scale(value) - scale(0.0) < SEEN or scale(since) > layout.right:
            since += value
            continue
        marks.append(_segment(b, part, since, since + value, lambda s: min(scale(s), layout.right), y))
        since += value
    if scale(since) > layout.right + 1:
        marks.append(torn(layout.right, y, BAR / 2))
    elif b.encode_s:
        end = scale(since + b.encode_s)
        marks.append(rect(scale(since), y - BAR / 2 + 4, end - scale(since), BAR - 8, "part-encode"))
    if b.floor_s is not None and scale(b.floor_s) < layout.right:
        marks.append(_floor(scale(b.floor_s), y))
    marks.append(layout.value(index, f"{ms(b.whole_s)} ms"))
    return group(marks, f"fam-{family(result)}", f"{phrase(result)}: {_spoken(b)}")


def _floor(x: float, y: float) -> str:
    """Above and below the bar, so that no letter is struck through."""
    ends = [(y + side * BAR / 2, y + side * (BAR / 2 + TICK)) for side in (-1, 1)]
    return group([line(x, near, x, far, "floor-tick") for near, far in ends], "floor")


def _segment(b: Breakdown, part: Part, start_s: float, end_s: float, scale: Scale, y: float) -> str:
    """A piece of the bar; where there is room its letters, which name it without its colour."""
    wide = scale(end_s) - scale(start_s)
    letters = part.letter + ("S" if part.name == "parse" and b.parse_holds_serialise else "")
    drawn = [rect(scale(start_s), y - BAR / 2, wide - 1, BAR, f"part-{part.name}")]
    if wide >= MARKED * len(letters):
        drawn.append(text((scale(start_s) + scale(end_s) - 1) / 2, y + 4, letters, "part-letter", "middle"))
    return group(drawn, "part", f"{called(b, part)} {fine(end_s - start_s)} ms")


def _lettered(part: Part) -> Mark:
    """A square with the part's letter."""
    return lambda x, y: "".join(
        (
            rect(x, y - SQUARE / 2, SQUARE, SQUARE, f"part-{part.name}"),
            text(x + SQUARE / 2, y + 4, part.letter, "part-letter", "middle"),
        )
    )


def _spoken(b: Breakdown) -> str:
    parts = ", ".join(f"{called(b, part)} {fine(b.parts_s[part.name])} ms" for part in PARTS if part.name in b.parts_s)
    return f"{ms(b.whole_s)} ms: {parts}"

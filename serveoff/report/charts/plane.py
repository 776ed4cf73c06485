"""Two logarithmic axes, and the names of what is drawn: at the right edge, or numbers there and a key beneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serveoff.analyse.entries import Entry
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.charts.rows import NARROW_BELOW, room, spans
from serveoff.report.charts.svg import Scale, keep_apart, line, log_scale, log_ticks, tag, text
from serveoff.report.phrases.names import family, short_server, what

LEFT, TOP, BOTTOM, PLOT = 46.0, 34.0, 42.0, 206.0
NUMBERS, ROW = 26.0, 19.0
STEPS = ((1,), (1, 2, 5), (1, 1.5, 2, 3, 5, 7))
MARGIN = 1.2

Range = tuple[float, float]


@dataclass(frozen=True)
class Plane:
    """Where a plot of this width lies, for values along both axes, each from the least to the most."""

    width: float
    across: Range
    down: Range
    shown: tuple[Entry, ...]
    """What is drawn, and named."""

    @property
    def narrow(self) -> bool:
        """There is no room for names."""
        return self.width < NARROW_BELOW

    @property
    def right(self) -> float:
        """Where the plot ends."""
        return self.width - (NUMBERS if self.narrow else room(entry.result for entry in self.shown))

    @property
    def floor(self) -> float:
        """Its lower end."""
        return TOP + PLOT

    @property
    def x(self) -> Scale:
        """Values to the right."""
        return log_scale(*self.across, LEFT, self.right)

    @property
    def y(self) -> Scale:
        """Values upwards."""
        return log_scale(*self.down, self.floor, TOP)

    @property
    def height(self) -> float:
        """Of the drawing, with a key of names where it is narrow."""
        return self.floor + BOTTOM + (ROW * len(self.shown) + 8 if self.narrow else 0)

    def axes(self, across: str, down: str, scaled: tuple[float, float] = (1.0, 1.0)) -> list[str]:
        """Grid, ticks (values times `scaled`) and what the axes are."""
        drawn = []
        for tick in ticks(self.across):
            drawn.append(line(self.x(tick), TOP, self.x(tick), self.floor, "grid"))
            drawn.append(text(self.x(tick), self.floor + 17, f"{tick * scaled[0]:,g}", "tick", "middle"))
        for tick in ticks(self.down):
            drawn.append(line(LEFT, self.y(tick), self.right, self.y(tick), "grid"))
            drawn.append(text(LEFT - 7, self.y(tick) + 4, f"{tick * scaled[1]:,g}", "tick", "end"))
        return [*drawn, text(self.right, self.floor + 36, across, "axis", "end"), text(4, TOP - 16, down, "axis")]

    def names(self, ends: Sequence[tuple[float, float]]) -> list[str]:
        """Of each that is shown a leader from its end to its name, or to its number."""
        heights = keep_apart([y for _, y in ends], 15, TOP, self.floor)
        drawn = []
        for number, (entry, (x, y), height) in enumerate(zip(self.shown, ends, heights, strict=True), start=1):
            marks = line(x + 6, y, self.right + 5, height, "leader")
            at = {"x": self.right + 9, "y": height + 4}
            words = tag("tspan", str(number), class_="owner") if self.narrow else _words(entry)
            drawn.append(tag("g", marks + tag("text", words, **at), class_=f"fam-{family(entry.result)}"))
        return drawn + (self._key() if self.narrow else [])

    def _key(self) -> list[str]:
        top = self.floor + BOTTOM + 12
        return [
            tag(
                "g",
                text(4, top + ROW * i, f"{i + 1}", "owner") + tag("text", _words(entry), x=22, y=top + ROW * i),
                class_=f"fam-{family(entry.result)}",
            )
            for i, entry in enumerate(self.shown)
        ]


def around(values: Sequence[float]) -> Range:
    """A range that holds all of these, with a margin."""
    return min(values) / MARGIN, max(values) * MARGIN


def ticks(bounds: Range) -> list[float]:
    """The coarsest round steps of which three lie within."""
    found: list[float] = []
    for steps in STEPS:
        found = log_ticks(*bounds, steps)
        if len(found) > 2:
            break
    return found


def known(estimates: Sequence[Estimate]) -> list[float]:
    """Every value and bound there is."""
    return [v for e in estimates for v in (e.low, e.value, e.high) if v]


def _words(entry: Entry) -> str:
    return spans(what(entry.result), short_server(entry.result))

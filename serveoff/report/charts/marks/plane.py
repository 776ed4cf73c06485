"""Two logarithmic axes, and the names of what is drawn: at the right edge, or numbers there and a key beneath."""

from collections.abc import Sequence
from dataclasses import dataclass

from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.charts.marks.rows import LEAST_LABELS, NARROW_BELOW, Label
from serveoff.report.charts.marks.svg import Scale, few_ticks, keep_apart, line, log_scale, tag, text

LEFT, TOP, BOTTOM, PLOT = 46.0, 34.0, 42.0, 206.0
NUMBERS, ROW = 26.0, 19.0
LETTER, GAP, VALUE_ROW = 6.6, 10.0, 15.0
MARGIN = 1.2

Range = tuple[float, float]


@dataclass(frozen=True)
class Plane:
    """Where a plot of this width lies, for values along both axes, each from the least to the most."""

    width: float
    across: Range
    down: Range
    shown: tuple[Label, ...]
    """What is drawn, and named."""
    named: tuple[tuple[float, str], ...] = ()
    """Values along x with their names, least first; else there are round ones."""

    @property
    def narrow(self) -> bool:
        """There is no room for names."""
        return self.width < NARROW_BELOW

    @property
    def right(self) -> float:
        """Where the plot ends."""
        return self.width - (NUMBERS if self.narrow else max(LEAST_LABELS, *(label.width for label in self.shown)))

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
        return self._bottom + (ROW * len(self.shown) + 8 if self.narrow else 0)

    @property
    def _bottom(self) -> float:
        """Where the axis and its names end."""
        return self.floor + BOTTOM + VALUE_ROW * max((row for _, row in self._name_places()), default=0)

    def axes(self, across: str, down: str, scaled: tuple[float, float] = (1.0, 1.0)) -> list[str]:
        """Grid, ticks (values times `scaled`) and what the axes are."""
        values = self.named or [(tick, f"{tick * scaled[0]:,g}") for tick in few_ticks(*self.across)]
        places = self._name_places() or [(self.x(value), 0) for value, _ in values]
        drawn = []
        for (value, words), (middle, row) in zip(values, places, strict=True):
            drawn.append(line(self.x(value), TOP, self.x(value), self.floor, "grid"))
            drawn.append(text(middle, self.floor + 17 + row * VALUE_ROW, words, "tick", "middle"))
        for tick in few_ticks(*self.down):
            drawn.append(line(LEFT, self.y(tick), self.right, self.y(tick), "grid"))
            drawn.append(text(LEFT - 7, self.y(tick) + 4, f"{tick * scaled[1]:,g}", "tick", "end"))
        return [*drawn, text(self.right, self._bottom - 6, across, "axis", "end"), text(4, TOP - 16, down, "axis")]

    def names(self, ends: Sequence[tuple[float, float]]) -> list[str]:
        """Of each that is shown a leader from its end to its name, or to its number."""
        heights = keep_apart([y for _, y in ends], 15, TOP, self.floor)
        drawn = []
        for number, (label, (x, y), height) in enumerate(zip(self.shown, ends, heights, strict=True), start=1):
            marks = line(x + 6, y, self.right + 5, height, "leader")
            at = {"x": self.right + 9, "y": height + 4}
            words = tag("tspan", str(number), class_="owner") if self.narrow else label.spans
            drawn.append(tag("g", marks + tag("text", words, **at), class_=f"fam-{label.family}"))
        return drawn + (self._key() if self.narrow else [])

    def _key(self) -> list[str]:
        top = self._bottom + 12
        return [
            tag(
                "g",
                text(4, top + ROW * i, f"{i + 1}", "owner") + tag("text", label.spans, x=22, y=top + ROW * i),
                class_=f"fam-{label.family}",
            )
            for i, label in enumerate(self.shown)
        ]

    def _name_places(self) -> list[tuple[float, int]]:
        """For each named value the middle of its name, and the row (0: the highest) with room for it."""
        ends: list[float] = []
        placed = []
        for value, words in self.named:
            half = LETTER * len(words) / 2
            middle = min(max(self.x(value), half), self.width - half)
            row = next((n for n, end in enumerate(ends) if middle - half >= end + GAP), len(ends))
            ends[row : row + 1] = [middle + half]
            placed.append((middle, row))
        return placed


def around(values: Sequence[float]) -> Range:
    """A range that holds all of these, with a margin."""
    return min(values) / MARGIN, max(values) * MARGIN


def known(estimates: Sequence[Estimate]) -> list[float]:
    """Every value and bound there is."""
    return [v for e in estimates for v in (e.low, e.value, e.high) if v]

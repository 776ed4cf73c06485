"""Charts of one row per thing: the label left of the row where there is room, above it where there is not."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import TypeVar

from serveoff.record.endpoint_results import EndpointResult
from serveoff.report.charts.marks.svg import Scale, line, tag, text
from serveoff.report.phrases.names import family, short_server, what

T = TypeVar("T")

LABEL_WIDTH, LEAST_LABELS = 290.0, 120.0
NARROW_BELOW = 500.0
NAME_PX, OWNER_PX, BESIDE_PX = 7.4, 6.7, 34.0
"""Generous widths of a character of a name and of an owner, as the style sheet sets them, and the space around both."""


@dataclass(frozen=True)
class Label:
    """What a mark is of: its name, and its server in the colour of a family."""

    name: str
    owner: str
    family: str

    @property
    def width(self) -> float:
        """Pixels, with the space around it."""
        return NAME_PX * len(self.name) + OWNER_PX * len(self.owner) + BESIDE_PX

    @property
    def spans(self) -> str:
        """Within a text."""
        name, owner = (escape(words) for words in (self.name, self.owner))
        return tag("tspan", name, class_="name") + tag("tspan", owner, class_="owner", dx=8)


def label_of(result: EndpointResult) -> Label:
    """An endpoint's: format and protocol, and its server."""
    return Label(what(result), short_server(result), family(result))


def room(results: Iterable[EndpointResult]) -> float:
    """The width of a column of labels that holds all of these; a variant's name is long."""
    return max(LEAST_LABELS, *(label_of(result).width for result in results))


@dataclass(frozen=True)
class Layout:
    """Where rows lie in a drawing of this width."""

    width: float
    top: float
    value_width: float
    """Room for figures at the right edge."""
    row_wide: float = 34.0
    row_narrow: float = 50.0
    label_width: float = LABEL_WIDTH
    """Of the column of labels, where there is room for one."""

    @property
    def narrow(self) -> bool:
        """There is no room for a column of labels."""
        return self.width < NARROW_BELOW

    @property
    def left(self) -> float:
        """Where the plot begins."""
        return 6.0 if self.narrow else self.label_width

    @property
    def right(self) -> float:
        """Where the plot ends."""
        return self.width - (10.0 if self.narrow else self.value_width)

    @property
    def row(self) -> float:
        """The height of a row."""
        return self.row_narrow if self.narrow else self.row_wide

    def y(self, index: int) -> float:
        """The middle of the marks of one row."""
        return self.top + self.row * index + (self.row * 0.68 if self.narrow else self.row / 2)

    def bottom(self, count: int) -> float:
        """The lower end of the plot."""
        return self.top + self.row * count

    def label(self, index: int, label: Label) -> str:
        """What the row is."""
        y = self.y(index)
        if self.narrow:
            return tag("text", label.spans, x=self.left, y=y - 17)
        return tag("text", label.spans, x=self.label_width - 18, y=y + 4.5, text_anchor="end")

    def value(self, index: int, words: str) -> str:
        """The row's figures, at the right edge."""
        y = self.y(index)
        return text(self.width - 2, y - 17 if self.narrow else y + 4.5, words, "value", "end")

    def rule(self, index: int) -> str:
        """A hairline that leads the eye along the row."""
        return line(self.left, self.y(index), self.right, self.y(index), "hair")


def grid(layout: Layout, count: int, ticks: list[tuple[float, str]], scale: Scale, unit: str) -> list[str]:
    """Vertical lines with their figures above and the axis's name at its end."""
    low, high = layout.top, layout.bottom(count)
    drawn = [line(scale(value), low - 4, scale(value), high, "grid") for value, _ in ticks]
    labels = [text(scale(value), low - 10, words, "tick", "middle") for value, words in ticks]
    return [*drawn, *labels, text(layout.left, low - 30, unit, "axis")]

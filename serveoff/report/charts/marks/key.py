"""The key of a chart: marks with their words, in as many rows as fit."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from serveoff.report.charts.marks.svg import group, line, rect, text

ROW, GAP, LETTER = 18.0, 14.0, 6.6
SQUARE, SAMPLE = 17.0, 32.0
"""Room for the marks before the words."""

Mark = Callable[[float, float], str]
"""What stands before the words, at a left edge and the middle of its row."""


@dataclass(frozen=True)
class KeyItem:
    """One entry of a key, in pixels."""

    words: str
    mark: Mark
    room: float = SQUARE

    @property
    def width(self) -> float:
        """With the gap after it."""
        return self.room + LETTER * len(self.words) + GAP


def key(items: Iterable[KeyItem], left: float, right: float, look: str = "key") -> tuple[str, float]:
    """The drawing, whose first row is around 10 pixels from the top, and the height of all rows but the first."""
    drawn, x, y = [], left, 10.0
    for item in items:
        if x > left and x + item.width - GAP > right:
            x, y = left, y + ROW
        drawn.append(item.mark(x, y))
        drawn.append(text(x + item.room, y + 4, item.words, "note"))
        x += item.width
    return group(drawn, look), y - 10.0


def square(look: str) -> Mark:
    """A piece of a bar."""
    return lambda x, y: rect(x, y - 6, 12, 12, look)


def sample(look: str) -> Mark:
    """A line."""
    return lambda x, y: line(x, y, x + 24, y, look)

"""Small multiples: one panel per endpoint, all with the same scale of latency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from serveoff.record.endpoint_results import EndpointResult
from serveoff.report.charts.marks.rows import NARROW_BELOW
from serveoff.report.charts.marks.svg import Scale, drawing, few_ticks, line, log_scale, tag, text
from serveoff.report.phrases.names import family, short_server, what

LEFT, RIGHT, TOP, BOTTOM = 44.0, 18.0, 60.0, 36.0


@dataclass(frozen=True)
class Panels:
    """Where so many panels lie in a drawing of this width, beneath a key."""

    width: float
    count: int
    height: float = 222.0
    across_wide: int = 4
    across_narrow: int = 2

    @property
    def across(self) -> int:
        """Panels side by side."""
        return self.across_narrow if self.width < NARROW_BELOW else self.across_wide

    @property
    def step(self) -> float:
        """The width of a panel."""
        return self.width / self.across

    @property
    def right(self) -> float:
        """Where a panel's plot ends."""
        return self.step - RIGHT

    @property
    def floor(self) -> float:
        """The lower end of a panel's plot."""
        return self.height - BOTTOM

    def drawing(
        self, words: str, panels: Iterable[tuple[EndpointResult, Sequence[str]]], legend: str = "", below: float = 0.0
    ) -> str:
        """The panels in their places beneath a legend of so many pixels, each in its endpoint's colour."""
        drawn = [legend]
        for index, (result, body) in enumerate(panels):
            x, y = index % self.across * self.step, index // self.across * self.height + below
            place = f"translate({x:.1f} {y:.1f})"
            drawn.append(tag("g", "".join(body), class_=f"fam-{family(result)}", transform=place))
        return drawing(self.width, self.height * -(-self.count // self.across) + below, words, drawn)

    def vertical(self, low_s: float, high_s: float) -> Scale:
        """The scale of latency, logarithmic."""
        return log_scale(low_s, high_s, self.floor, TOP)

    def frame(self, result: EndpointResult, low_s: float, high_s: float, unit: str) -> list[str]:
        """Names above, lines of latency with their milliseconds, the other axis's unit beneath."""
        y = self.vertical(low_s, high_s)
        drawn = [text(4, 16, what(result), "name"), text(4, 32, short_server(result), "owner")]
        for tick in few_ticks(low_s, high_s):
            drawn.append(line(LEFT, y(tick), self.right, y(tick), "grid"))
            drawn.append(text(LEFT - 6, y(tick) + 4, f"{tick * 1e3:g}", "tick", "end"))
        drawn.append(text(LEFT - 6, TOP - 8, "ms", "axis", "end"))
        return [*drawn, text(self.right, self.height - 4, unit, "axis", "end")]

"""The few SVG marks and scales that the charts are made of. Lengths are CSS pixels at the drawing's own width."""

import math
from collections.abc import Callable, Sequence
from html import escape

from serveoff.analyse.statistics.estimates import Estimate

Scale = Callable[[float], float]
STEPS = ((1,), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9))


def tag(name: str, body: str = "", **attributes: str | float) -> str:
    """One element; `class_` and `text_anchor` become class and text-anchor. Attributes are escaped, the body is not."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_attribute(v)}"' for key, v in attributes.items())
    return f"<{name}{written}>{body}</{name}>" if body else f"<{name}{written}/>"


def text(x: float, y: float, words: str, class_: str = "", anchor: str = "start") -> str:
    """Escaped text with its baseline at y."""
    return tag("text", escape(words), x=x, y=y, class_=class_, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """A straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rect(x: float, y: float, width: float, height: float, class_: str, radius: float = 2) -> str:
    """A rectangle; nothing narrower than half a pixel disappears."""
    return tag("rect", x=x, y=y, width=max(width, 0.5), height=height, rx=radius, class_=class_)


def circle(x: float, y: float, radius: float, class_: str) -> str:
    """A dot."""
    return tag("circle", cx=x, cy=y, r=radius, class_=class_)


def group(body: Sequence[str], class_: str, tip: str = "") -> str:
    """A group of marks; `tip` is said of them where pointer, finger or arrow keys are (templates/tips.js)."""
    said = {"data_tip": tip} if tip else {}
    return tag("g", "".join(body), class_=class_, **said)


def whisker(x1: float, x2: float, y: float, look: str = "whisker") -> str:
    """An interval along x, with ends."""
    return line(x1, y, x2, y, look) + "".join(line(x, y - 4, x, y + 4, look) for x in (x1, x2))


def whisker_of(estimate: Estimate, scale: Scale, y: float) -> str:
    """A figure's interval along x; nothing where it has none."""
    if estimate.low is None or estimate.high is None:
        return ""
    return whisker(scale(estimate.low), scale(estimate.high), y)


def upright_of(estimate: Estimate, scale: Scale, x: float) -> str:
    """The same along y."""
    if estimate.low is None or estimate.high is None:
        return ""
    low, high = scale(estimate.low), scale(estimate.high)
    return line(x, low, x, high, "whisker") + "".join(line(x - 4, y, x + 4, y, "whisker") for y in (low, high))


def drawing(width: float, height: float, label: str, body: Sequence[str]) -> str:
    """The whole picture: one image with a name to a screen reader; the table beside it holds the figures."""
    box = f"0 0 {_attribute(width)} {_attribute(height)}"
    return tag("svg", "".join(body), viewBox=box, role="img", aria_label=label, class_="chart")


def log_scale(low: float, high: float, left: float, right: float) -> Scale:
    """Positive values to x, by ratio."""
    span = math.log(high / low) or 1.0
    return lambda value: left + (right - left) * math.log(max(value, low * 1e-3) / low) / span


def linear_scale(high: float, start: float, end: float) -> Scale:
    """Values from zero to a position."""
    return lambda value: start + (end - start) * value / (high or 1.0)


def log_ticks(low: float, high: float, steps: Sequence[float] = (1, 2, 5)) -> list[float]:
    """1, 2, 5, 10, ... within the range."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return [s * 10.0**e for e in range(first, last + 1) for s in steps if low <= s * 10.0**e <= high]


def few_ticks(low: float, high: float) -> list[float]:
    """Powers of ten where there are three; else the coarsest steps between them that make as many."""
    choices = [log_ticks(low, high, steps) for steps in STEPS]
    return next((ticks for ticks in choices if len(ticks) > 2), choices[-1])


def linear_ticks(high: float, about: int = 4) -> list[float]:
    """Round steps from zero to at least `high`."""
    if high <= 0:
        return [0.0, 1.0]
    raw = high / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= raw)
    return [step * n for n in range(math.ceil(high / step) + 1)]


def keep_apart(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move label positions apart, so that neighbours are at least `gap` from each other, within low and high.

    Where there is no room for all, the last ones lie beyond high.
    """
    order = sorted(range(len(positions)), key=positions.__getitem__)
    placed = [positions[i] for i in order]
    for pushed, edge in ((1, low), (-1, high), (1, low)):
        for i in range(len(placed))[::pushed]:
            placed[i] = max(placed[i], edge) if pushed > 0 else min(placed[i], edge)
            edge = placed[i] + pushed * gap
    return [placed[order.index(i)] for i in range(len(placed))]


def _attribute(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")

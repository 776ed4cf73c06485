"""Figures as text: three significant digits and a unit, the same in every form of the report."""

import math
from collections.abc import Callable
from typing import Final

from serveoff.analyse.statistics.estimates import Estimate, inverse

Format = Callable[[float], str]
DIGITS: Final = 3
NONE: Final = "–"


def significant(value: float) -> str:
    """Three significant digits, thousands separated: 0.0612, 6.12, 612, 6,120."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else NONE
    rounded = round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))
    decimals = max(0, DIGITS - 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{decimals}f}"


def ms(seconds: float) -> str:
    """Milliseconds, without the unit."""
    return significant(seconds * 1e3)


def us(seconds: float) -> str:
    """Microseconds, without the unit."""
    return significant(seconds * 1e6)


def kilobytes(size: float) -> str:
    """Kilobytes (10^3 bytes), without the unit."""
    return significant(size / 1e3)


def megabytes(size: float) -> str:
    """Megabytes (10^6 bytes), without the unit."""
    return significant(size / 1e6)


def gigabytes(size: float) -> str:
    """Gigabytes (10^9 bytes), without the unit."""
    return significant(size / 1e9)


def percent(share: float) -> str:
    """A share as a percentage of two significant digits: 1.3%, 12%; half a percent and less as they are."""
    value = share * 100
    return f"{value:.0f}%" if value >= 9.95 else f"{value:.1f}%"


def times(ratio: float) -> str:
    """A ratio: 1.14×."""
    return f"{three_digits(ratio)}×"


def three_digits(ratio: float) -> str:
    """A ratio of three significant digits: 1.14, and 1.003."""
    return _beside_one(ratio) or significant(ratio)


def multiple(ratio: float) -> str:
    """How many times: 1.003, 1.04, 1.4, 5.6, 221."""
    decimals = 2 if ratio < 1.095 else 1 if ratio < 9.95 else 0
    return _beside_one(ratio) or f"{ratio:,.{decimals}f}"


def _beside_one(ratio: float) -> str:
    """Three decimals for what two would make 1: `1.003` tells on which side a bound lies; empty for any other ratio."""
    return f"{ratio:.3f}" if 0.0005 <= abs(ratio - 1) < 0.005 else ""


def compared(ratio: Estimate, better: str = "faster", worse: str = "slower", text: Format = multiple) -> str:
    """A ratio of which above 1 is better: `5.6 times faster (5.1–6.2)`, never below 1: `221 times slower`."""
    if ratio.value is None:
        return NONE
    word, turned = (better, ratio) if ratio.value >= 1 else (worse, inverse(ratio))
    bounds = f" ({interval(turned, text)})" if turned.low and turned.high else ""
    return f"{text(turned.value or 1.0)} times {word}{bounds}"


def interval(estimate: Estimate, text: Format) -> str:
    """`low–high`, or nothing where there is no interval."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{text(estimate.low)}–{text(estimate.high)}"


def factor(estimate: Estimate | None) -> str:
    """A ratio and its interval: `1.14× [1.10–1.18]`."""
    if estimate is None or estimate.value is None:
        return NONE
    bounds = interval(estimate, three_digits)
    return f"{times(estimate.value)} [{bounds}]" if bounds else times(estimate.value)


def full(estimate: Estimate | None, text: Format, unit: str = "") -> str:
    """Value, unit and interval: `0.637 ms [0.629–0.645]`."""
    if estimate is None or estimate.value is None:
        return NONE
    value = text(estimate.value) + (f"\u00a0{unit}" if unit else "")
    bounds = interval(estimate, text)
    return f"{value} [{bounds}]" if bounds else value


UNITS: Final[dict[str, tuple[Format, str]]] = {
    "latency": (ms, "ms"),
    "tail": (ms, "ms"),
    "throughput": (significant, "req/s"),
    "cost": (ms, "ms/request"),
    "cold_start": (significant, "s"),
    "memory": (megabytes, "MB"),
    "artifact": (megabytes, "MB"),
}
"""How each objective's figure is written."""

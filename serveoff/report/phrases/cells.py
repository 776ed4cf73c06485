"""The cells of the report's tables: text, so that HTML and Markdown cannot disagree."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.statistics.few_repeats import Bounds, Spread
from serveoff.analyse.studies.leaving import Against
from serveoff.analyse.studies.precision import Speed
from serveoff.record.endpoint_results import EndpointResult
from serveoff.report.phrases.names import family, format_name, server, short_server, what
from serveoff.report.phrases.numbers import NONE, Format, interval, significant

TONES: Final = {"faster": "good", "slower": "bad", "tied": "mid", "undecided": "mid"}
"""Of an outcome."""
BOUNDS: Final[dict[Bounds, str]] = {"range": "range", "interval": "95% interval"}


@dataclass(frozen=True)
class Cell:
    """One figure or word: `small` is its interval or a second line, `sort` its value where it is a number."""

    text: str
    small: str = ""
    sort: float | None = None
    family: str = ""
    tone: str = ""
    link: str = ""
    """The id of what it leads to on the page."""


DASH: Final = Cell(NONE, tone="muted")
"""There is no figure."""
VALID: Final = Cell("VALID", tone="good")
INVALID: Final = Cell("INVALID", tone="bad")


def endpoint_cell(entry: Entry) -> Cell:
    """Format and protocol, the server beneath, and the server's colour."""
    return Cell(what(entry.result), server(entry.result), family=family(entry.result))


def short_cell(result: EndpointResult) -> Cell:
    """The same with the server's short name, for wide tables."""
    return Cell(what(result), short_server(result), family=family(result))


def deployment_cell(entry: Entry) -> Cell:
    """The format, the server beneath, and the server's colour: an endpoint's protocols share them."""
    return Cell(format_name(entry.result.format), server(entry.result), family=family(entry.result))


def estimate_cell(estimate: Estimate | None, text: Format) -> Cell:
    """A figure and its interval; a withheld one says why."""
    if estimate is None or estimate.value is None:
        short = estimate is not None and estimate.samples > 0
        return Cell("withheld", estimate.withheld, tone="muted") if estimate and short else DASH
    return Cell(text(estimate.value), interval(estimate, text), estimate.value)


def ratio_cell(found: Speed | Against | None) -> Cell:
    """How many times faster something is, and how sure that is."""
    if found is None:
        return DASH
    cell = estimate_cell(found.ratio, significant)
    return Cell(cell.text, f"{cell.small} {found.outcome}".strip(), cell.sort, tone=TONES.get(found.outcome, ""))


def bounds_said(spreads: Iterable[Spread]) -> str:
    """What the bounds of these are: `range`, `95% interval`, or both; nothing where there are none."""
    return " or ".join(dict.fromkeys(BOUNDS[s.bounds] for s in spreads if s.bounds != "none"))


def number_cell(value: float | None, text: Format) -> Cell:
    """A figure without an interval."""
    return DASH if value is None else Cell(text(value), sort=value)


def count_cell(count: int) -> Cell:
    """A count, exact."""
    return Cell(f"{count:,}", sort=count)


def valid_cell(point: Point, estimate: Estimate, text: Format) -> Cell:
    """A figure of a point and its interval, or that the point is INVALID."""
    return estimate_cell(estimate, text) if point.valid else INVALID


def rank_cell(rank: int | None, tied_above: bool = False) -> Cell:
    """A rank, and whether it is told apart from the one above."""
    return Cell(f"{'≈ ' if tied_above else ''}{rank}", sort=rank) if rank else DASH


def percent_cell(share: float | None) -> Cell:
    """A share in percent."""
    return number_cell(None if share is None else share * 100, significant)


def best_rate_cell(entry: Entry) -> Cell:
    """The throughput with the fewest callers or the most, whichever is higher."""
    return estimate_cell(entry.best.throughput if entry.best else None, significant)

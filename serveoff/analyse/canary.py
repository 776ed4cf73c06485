"""The gate of `serveoff run --fail-if-slower`: whether an endpoint may take the place of the first one.

Each is judged by its p50 with the fewest callers and by its throughput with the most. It is slower where the whole
interval of its slowdown lies beyond the limit, and not slower where all of it lies within; else the run cannot say. An
endpoint that does not count, for it answers otherwise, fails or was left alone, is not ranked, and fails as a slow one
does. So does all where the first one does not count.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.evidence import Pair
from serveoff.analyse.statistics.estimates import Estimate, inverse
from serveoff.analyse.studies.attached import Against, Attached, most_callers

Passing = Literal["not ranked", "slower", "undecided", "not slower", "not judged"]
WORST_FIRST: Final[tuple[Passing, ...]] = ("not ranked", "slower", "undecided", "not slower", "not judged")
FAILING: Final[tuple[Passing, ...]] = ("not ranked", "slower")


@dataclass(frozen=True)
class Check:
    """One endpoint on one objective."""

    objective: Literal["latency", "throughput"]
    concurrency: int | None
    """With how many callers; None where it was never measured."""
    slowdown: Estimate | None
    """How many times slower than the first one, or of how many times less throughput; None where it is not known."""
    passing: Passing
    why: str = ""
    """Of what is not ranked or not judged."""


@dataclass(frozen=True)
class Judged:
    """One endpoint, by its checks."""

    endpoint: str
    checks: tuple[Check, ...]

    @property
    def passing(self) -> Passing:
        """As its worst check."""
        return min((check.passing for check in self.checks), key=WORST_FIRST.index)


@dataclass(frozen=True)
class Canary:
    """The verdict: every endpoint beside the first, judged by one limit, as a share (0.05 is 5%)."""

    baseline: str
    limit: float
    judged: tuple[Judged, ...]
    doubt: str = ""
    """Why the first one does not count: then nothing can be judged by it."""

    @property
    def failed(self) -> bool:
        """An endpoint is slower or not ranked, or there is none: the command ends with ExitCode.REGRESSION."""
        return bool(self.doubt) or not self.judged or any(judged.passing in FAILING for judged in self.judged)

    @property
    def undecided(self) -> bool:
        """Nothing failed, and of some endpoint the run cannot say that it is fast enough."""
        return not self.failed and any(judged.passing != "not slower" for judged in self.judged)

    def of(self, passing: Passing) -> list[str]:
        """The endpoints of one kind."""
        return [judged.endpoint for judged in self.judged if judged.passing == passing]


def asked(comparison: Comparison) -> Canary | None:
    """The verdict by the limit that the run was given; None where it was given none."""
    limit = comparison.suite.settings.fail_if_slower
    if limit is None or not comparison.attached.baseline:
        return None
    return judge(comparison.attached, comparison.entries, limit)


def judge(attached: Attached, entries: Iterable[Entry], limit: float) -> Canary:
    """Each attached endpoint but the first, against it; there is a first one."""
    known = {entry.name: entry for entry in entries}
    first = known[attached.baseline]
    judged = (Judged(a.endpoint, tuple(_checks(known[a.endpoint], first, a, limit))) for a in attached.others)
    doubt = first.doubt(first.alone) or first.doubt(most_callers(first))
    return Canary(attached.baseline, limit, tuple(judged), "" if attached.idle else doubt)


def _checks(mine: Entry, first: Entry, against: Against, limit: float) -> Iterator[Check]:
    yield _check("latency", mine.alone, against.latency, mine.doubt(mine.alone) or _of(first, first.alone), limit)
    busiest, firsts = most_callers(mine), most_callers(first)
    doubt = mine.doubt(busiest) or _of(first, firsts)
    if against.held and not doubt:
        why = "it was asked for no more than --max-rate"
        yield Check("throughput", busiest.concurrency if busiest else None, None, "not judged", why)
    else:
        yield _check("throughput", busiest, against.throughput, doubt, limit)


def _check(
    objective: Literal["latency", "throughput"], point: Point | None, pair: Pair | None, doubt: str, limit: float
) -> Check:
    concurrency = point.concurrency if point is not None else None
    if doubt:
        return Check(objective, concurrency, None, "not ranked", doubt)
    slowdown = inverse(pair.ratio) if pair is not None else None
    return Check(objective, concurrency, slowdown, _passing(slowdown, limit))


def _passing(slowdown: Estimate | None, limit: float) -> Passing:
    if slowdown is None or slowdown.low is None or slowdown.high is None:
        return "undecided"
    if slowdown.low > 1 + limit:
        return "slower"
    return "not slower" if slowdown.high <= 1 + limit else "undecided"


def _of(first: Entry, point: Point | None) -> str:
    doubt = first.doubt(point)
    return f"{first.name}: {doubt}" if doubt else ""

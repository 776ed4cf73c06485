"""What a run of attached endpoints says in words: each of them against the first, and what nobody can see of them."""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Final, NamedTuple

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import NOT_MEASURED, Entry, Point
from serveoff.analyse.evidence import Pair
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.studies.attached import Against, most_callers
from serveoff.analyse.verdict import Outcome, within
from serveoff.record.attached import ATTACHED
from serveoff.report.phrases.names import all_of, callers
from serveoff.report.phrases.numbers import Format, compared, ms, percent, significant

BESIDE: Final = "give `pid:`, `container:` or `metrics:` beside the URL"
IDLE: Final = "its answers were asked for and not timed, for nothing is left to compare with it"
MOST_NAMED: Final = 3


class Shown(NamedTuple):
    """A figure of a point, how it is written, and what follows its unit."""

    of: Callable[[Point], Estimate]
    text: Format
    unit: str
    after: str = ""


class Words(NamedTuple):
    """How one objective is spoken of."""

    better: str
    worse: str
    equal: str


P50: Final = Shown(attrgetter("p50_s"), ms, "ms", " median")
RATE: Final = Shown(attrgetter("throughput"), significant, "req/s")
LATENCY: Final = Words("faster", "slower", "as fast")
THROUGHPUT: Final = Words("higher throughput", "lower throughput", "the same throughput")
STANDS: Final[Mapping[Outcome | None, str]] = {
    "slower": "slower",
    "undecided": "undecided",
    "no interval": "undecided",
    "tied": "as fast",
    "faster": "faster",
    None: "not ranked",
}
"""Of one of several, by its median latency."""


def title(comparison: Comparison) -> str:
    """`canary against prod`, `3 endpoints against prod`."""
    attached = comparison.attached
    names = [against.endpoint for against in attached.others]
    if not names:
        return attached.baseline
    return f"{all_of(names) if len(names) < MOST_NAMED else f'{len(names)} endpoints'} against {attached.baseline}"


def head(comparison: Comparison) -> str:
    """`canary is 1.07 times slower than prod (1.05–1.09)`, or how each of several stands."""
    attached = comparison.attached
    first = comparison.entry(attached.baseline)
    if not attached.others:
        return f"{first.name} {'was measured alone' if _counts(first) else f'is not ranked: {doubt(first)}'}"
    if attached.idle:
        names = [against.endpoint for against in attached.others]
        return f"Nothing to compare with {first.name}: {_some(names)} {'is' if len(names) == 1 else 'are'} not ranked"
    if not _counts(first):
        return f"Nothing to compare with: {first.name} is not ranked"
    if len(attached.others) > 1:
        return f"Against {first.name}: {'; '.join(_standings(comparison))}"
    against = attached.others[0]
    if against.latency is None:
        return f"{against.endpoint} is not ranked"
    how = spoken(against.latency, LATENCY)
    return {
        "tied": f"{against.endpoint} is as fast as {first.name} (within {percent(within(against.latency.ratio))})",
        "undecided": f"Undecided: {against.endpoint} is {how} than {first.name}",
    }.get(against.latency.outcome) or f"{against.endpoint} is {_than(how, first.name)}"


def figures(comparison: Comparison) -> str:
    """`2.18 ms median with 1 caller, prod 2.01 ms; 436 req/s with 4 callers, prod 471 req/s`; of one other endpoint."""
    attached = comparison.attached
    first = comparison.entry(attached.baseline)
    if len(attached.others) != 1:
        return ""
    mine = comparison.entry(attached.others[0].endpoint)
    alone = _beside(first.name, mine.alone, first.alone, P50)
    busiest = _beside(first.name, most_callers(mine), most_callers(first), RATE)
    return "; ".join(filter(None, (alone, busiest)))


def statements(comparison: Comparison) -> list[str]:
    """A sentence of each of the others, without what the head has said; none in a run without attached endpoints."""
    attached = comparison.attached
    if not attached.baseline:
        return []
    first = comparison.entry(attached.baseline)
    alone = attached.only and len(attached.others) == 1 and _counts(first)
    why = IDLE if attached.idle else doubt(first)
    said = [] if _counts(first) or not attached.others else [f"{first.name}: {why}"]
    for against in attached.others:
        entry = comparison.entry(against.endpoint)
        words = list(_of(entry, against, whole=not alone))
        said += [f"{entry.name}: {'; '.join(words)}"] if words else []
    return said


def unsettled(comparison: Comparison) -> list[str]:
    """What no interval holds, and what cannot be seen; nothing where there is no figure."""
    if not any(map(_counts, comparison.entries)):
        return []
    names = [comparison.attached.baseline, *(against.endpoint for against in comparison.attached.others)]
    were = "was" if len(names) == 1 else "were"
    once = f"{_some(names)} {were} not restarted: intervals hold for the servers that answered, not for the next ones."
    return [once, *filter(None, (unseen(comparison),))]


def unseen(comparison: Comparison) -> str:
    """What is not known of whom, and how it can be; nothing in a run without attached endpoints."""
    entries = [entry for entry in comparison.entries if entry.result.server == ATTACHED]
    dark = [entry.name for entry in entries if entry.result.memory_bytes is None and not entry.cpu_known]
    if not entries:
        return ""
    if not dark:
        return "Cold starts cannot be seen from outside."
    whose = "" if comparison.attached.only and len(dark) == len(entries) else f" of {_some(dark)}"
    return f"CPU, memory, cold start and threads{whose} cannot be seen from outside; {BESIDE}."


def spoken(pair: Pair | None, words: Words) -> str:
    """`1.07 times slower (1.05–1.09)`, `as fast (within 2.1%)`, `between 1.03 times faster and 1.08 times slower`."""
    if pair is None:
        return ""
    ratio = pair.ratio
    if pair.outcome == "tied":
        return f"{words.equal} (within {percent(within(ratio))})"
    if pair.outcome != "undecided" or ratio.low is None or ratio.high is None:
        return compared(ratio, words.better, words.worse, significant)
    ends = (Estimate(end, None, None, 0) for end in (ratio.high, ratio.low))
    return f"between {' and '.join(compared(end, words.better, words.worse, significant) for end in ends)}"


def network(comparison: Comparison) -> str:
    """What lies between us and those that are not of this machine, beside deployments of ours; empty without both."""
    far = [attached.name for attached in comparison.suite.settings.attached if attached.guarded]
    if not far or comparison.attached.only:
        return ""
    return (
        f"Latencies of {_some(far)} hold the network to {'it' if len(far) == 1 else 'them'}; ours cross loopback only."
    )


def right(comparison: Comparison) -> str:
    """What answers were compared with: `the answers of prod`, `the golden outputs of digits_cnn`."""
    reference = next((entry.name for entry in comparison.entries if entry.result.reference), "")
    return f"the answers of {reference}" if reference else f"the golden outputs of {comparison.suite.settings.model}"


def doubt(entry: Entry) -> str:
    """Why an endpoint is not ranked."""
    return entry.doubt(entry.alone) or entry.doubt(most_callers(entry)) or NOT_MEASURED


def _of(entry: Entry, against: Against, whole: bool) -> Iterator[str]:
    if not _counts(entry):
        yield doubt(entry)
        return
    if whole and against.latency is not None:
        yield f"{spoken(against.latency, LATENCY)} with {_with(entry.alone)}"
    if against.held:
        yield "throughput says nothing: it was asked for no more than `--max-rate`"
    elif against.throughput is not None:
        yield f"{spoken(against.throughput, THROUGHPUT)} with {_with(most_callers(entry))}"
    elif (busiest := most_callers(entry)) is not None and not busiest.valid:
        yield f"INVALID with {_with(busiest)}: {busiest.verdict.reasons[0].seen}"


def _than(how: str, name: str) -> str:
    """`1.07 times slower than prod (1.05–1.09)`."""
    what, bracket, bounds = how.partition(" (")
    return f"{what} than {name}{bracket}{bounds}"


def _standings(comparison: Comparison) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for against in comparison.attached.others:
        outcome = against.latency.outcome if against.latency is not None else None
        found.setdefault(STANDS.get(outcome, "undecided"), []).append(against.endpoint)
    for word in dict.fromkeys(STANDS.values()):
        if names := found.get(word):
            yield f"{_some(names)} {'is' if len(names) == 1 else 'are'} {word}"


def _beside(first: str, mine: Point | None, its: Point | None, shown: Shown) -> str:
    """One figure of two endpoints; empty where one of both has none."""
    values = [shown.of(point).value for point in (mine, its) if point is not None and point.valid]
    known = [shown.text(value) for value in values if value is not None]
    if len(known) < 2:
        return ""
    return f"{known[0]} {shown.unit}{shown.after} with {_with(mine)}, {first} {known[1]} {shown.unit}"


def _some(names: list[str]) -> str:
    return all_of(names) if len(names) <= MOST_NAMED else f"{len(names)} endpoints"


def _with(point: Point | None) -> str:
    return callers(point.concurrency if point is not None else 1)


def _counts(entry: Entry) -> bool:
    return entry.alone is not None and entry.alone.sound

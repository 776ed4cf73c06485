"""Words for figures that were measured a few times over: a cold start's median, and what its bounds are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Candidate, Contest
from serveoff.analyse.statistics.few_repeats import Bounds, Spread
from serveoff.analyse.verdict import within
from serveoff.report.phrases.numbers import UNITS, full, interval, percent, significant, times

KINDS: Final[dict[Bounds, str]] = {"range": "range", "interval": "95% interval", "none": ""}
TEXT, UNIT = UNITS["cold_start"]


def starts(count: int) -> str:
    """`1 start`, `3 starts`."""
    return f"{count} start" if count == 1 else f"{count} starts"


def starts_each(comparison: Comparison) -> str:
    """What each contender's figure is made from: `one start each`, `median of 3 starts each`."""
    counts = {e.first_answer_s.count for e in comparison.entries if e.role == "contender" and e.first_answer_s}
    if counts <= {1}:
        return "one start each"
    least, most = min(counts), max(counts)
    return f"median of {starts(most) if least == most else f'{least} to {most} starts'} each"


def kinds(spreads: Iterable[Spread]) -> str:
    """What the bounds of these are: `range`, `95% interval`, or both; nothing where there are none."""
    return " or ".join(dict.fromkeys(KINDS[s.bounds] for s in spreads if s.bounds != "none"))


def basis(candidate: Candidate) -> str:
    """What a figure rests on: `1 start`, or `2.71–3.10 · range of 3 starts`."""
    count = starts(candidate.estimate.samples)
    if not KINDS[candidate.bounds]:
        return count
    return f"{interval(candidate.estimate, TEXT)} · {KINDS[candidate.bounds]} of {count}"


def figure(candidate: Candidate) -> str:
    """A median within a sentence: `2.21 s [2.09–2.40, range of 3 starts]`, or `2.21 s (1 start)`."""
    value = full(candidate.estimate, TEXT, UNIT)
    count = starts(candidate.estimate.samples)
    if not KINDS[candidate.bounds]:
        return f"{value} ({count})"
    return f"{value.removesuffix(']')}, {KINDS[candidate.bounds]} of {count}]"


def sentence(contest: Contest, named: Callable[[str], str]) -> str:
    """Which deployment starts quickest, and whether its starts stand apart from the next one's."""
    winner, first = named(contest.winner.name), figure(contest.winner)
    if contest.runner_up is None or contest.margin is None or contest.margin.value is None:
        return f"{winner}: {first}; no other deployment came to a first answer."
    other, second = named(contest.runner_up.name), figure(contest.runner_up)
    by, bounds = times(contest.margin.value), interval(contest.margin, significant)
    ranges = "intervals" if contest.winner.bounds == "interval" else "starts"
    said = {
        "faster": f"{winner} leads with {first}: {by} quicker than {other}, {second}; their {ranges} do not overlap "
        f"({bounds} times)",
        "tied": f"{winner}, {first}, and {other}, {second}, are tied within {percent(within(contest.margin))}",
        "undecided": f"{winner} was quickest at the median, {first}, but {other}, {second}, may be as quick: their "
        f"{ranges} overlap ({bounds} times)",
        "no interval": f"{winner} leads with {first}: {by} quicker than {other}, {second}; a single start has no "
        "interval",
    }
    return said[contest.outcome] + _others(contest) + "."


def _others(contest: Contest) -> str:
    runner_up = contest.runner_up.name if contest.runner_up else ""
    more = [name for name in contest.not_worse if name != runner_up]
    return f"; not decided against {len(more)} more" if more else ""

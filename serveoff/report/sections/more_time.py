"""What more time would buy, in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.more_time import MOST_ROUNDS, MoreRounds, MoreSamples
from serveoff.analyse.verdict import SAME_WITHIN
from serveoff.report.phrases.names import callers, phrase
from serveoff.report.phrases.numbers import significant
from serveoff.report.sections.sentences import OBJECTIVES

MOSTLY: Final = 0.5
"""The share of the variance from which an interval is mostly the one or the other."""


def sentences(comparison: Comparison) -> list[str]:
    """One for each inconclusive answer, and one for each percentile that was withheld somewhere."""
    more = comparison.more_time
    percentiles = dict.fromkeys(found.percentile for found in more.samples)
    withheld = ([found for found in more.samples if found.percentile == name] for name in percentiles)
    return [*(_rounds(comparison, found) for found in more.rounds), *(_samples(comparison, w) for w in withheld)]


def _rounds(comparison: Comparison, found: MoreRounds) -> str:
    title = OBJECTIVES[found.objective].title
    pair = " and ".join(phrase(comparison.entry(name).result) for name in (found.winner, found.runner_up))
    if found.more is None:
        return f"{title}: {_hopeless(found, pair)}"
    takes = f" ({_duration(found.more_s)} more)" if found.more_s is not None else ""
    rounds = f"about {found.more} more {'round' if found.more == 1 else 'rounds'} of this length{takes}"
    would = (
        f"would probably show that {pair} tie: they measured {significant(100 * found.difference)}% apart, and within "
        f"{SAME_WITHIN:.0%} is a tie"
        if found.tie
        else f"would probably tell {pair} apart, if they truly differ by the {significant(100 * found.difference)}% "
        "that was measured"
    )
    return f"{title}: {rounds} {would}. {_windows(found)}"


def _hopeless(found: MoreRounds, pair: str) -> str:
    apart = significant(100 * found.difference)
    if found.difference <= SAME_WITHIN:
        return (
            f"no amount of this would probably decide, up to the {MOST_ROUNDS} rounds that a run can have: {pair} "
            f"measured {apart}% apart, which is within the {SAME_WITHIN:.0%} that count for nothing."
        )
    return (
        f"more than the {MOST_ROUNDS} rounds that a run can have would be needed to tell {pair} apart: {apart}% is "
        "little beside this run's noise. A quieter machine would do more than time."
    )


def _windows(found: MoreRounds) -> str:
    share = f"{found.between_rounds:.0%} of the interval's variance is between rounds"
    if found.between_rounds >= MOSTLY:
        return f"Longer windows would do less: {share}."
    return f"Longer windows in as many rounds would do about as well: {share}."


def _samples(comparison: Comparison, withheld: Sequence[MoreSamples]) -> str:
    most = max(withheld, key=lambda found: found.more_s)
    who = phrase(comparison.entry(most.endpoint).result)
    window_s = comparison.suite.settings.window_s
    longer_s = math.ceil(10 * window_s * most.needed / most.samples) / 10
    points = "1 point" if len(withheld) == 1 else f"{len(withheld)} points"
    return (
        f"{most.percentile} is withheld at {points}. The one that lacks most, {who} with {callers(most.concurrency)}, "
        f"has {most.samples:,} of {most.needed:,} samples: at its rate {significant(most.more_s)} s more of measuring "
        f"give the rest, as windows of {longer_s:g} s would (`--duration {longer_s:g}`; they were {window_s:g} s)."
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} minutes"

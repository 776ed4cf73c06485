"""Where the run's time went, and whether it ended before its last round."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.time_budget import spent
from serveoff.report.phrases.findings import Fact
from serveoff.report.phrases.numbers import significant


def stopping(comparison: Comparison) -> list[Fact]:
    """How the run could end early, and whether it did; nothing for a run of a fixed number of rounds."""
    suite = comparison.suite
    if suite.settings.looks < 2:
        return []
    how = (
        f"The answers were looked at after every round from the second, {suite.settings.looks} times at most, to end "
        "the run once latency, throughput and cost are decided. Looking often finds differences that are none "
        "(Armitage, McPherson and Rowe 1969), so margins, places and contrasts share the 5% of error among all looks "
        "(Lan and DeMets 1983, as O'Brien and Fleming)."
    )
    ended = f"It ended {suite.stopped_early}." if suite.stopped_early else "It has not ended before its last round."
    return [Fact("Early stop", f"{how} {ended}")]


def wall_time(comparison: Comparison) -> list[Fact]:
    """How much of the run's time was measuring; nothing where that is not known."""
    found = spent(comparison.suite)
    if found is None:
        return []
    rest_s = max(found.wall_s - found.warmup_s - found.windows_s, 0.0)
    said = (
        f"{found.share:.0%} of {significant(found.wall_s)} s went into warm-up ({significant(found.warmup_s)} s) and "
        f"measured windows ({significant(found.windows_s)} s). The other {significant(rest_s)} s are cold starts, the "
        "agreement gate, starts of the load generator and pauses between windows."
    )
    return [Fact("Time", said)]

"""Where the run's time went, and whether it ended before its last round."""

from __future__ import annotations

from comparison.outcome import Comparison
from comparison.render.findings import Fact


def stopping(comparison: Comparison) -> list[Fact]:
    """How the run could end early, and whether it did; nothing for a run of a fixed number of rounds."""
    suite = comparison.suite
    if suite.settings.looks < 2:
        return []
    how = (
        f"The answers were looked at after every round from the second, {suite.settings.looks} times at most, to end the "
        "run once latency, throughput and cost are decided. Margins, places and contrasts hold for all looks together "
        "(Bonferroni), or looking often would find differences that are none (Armitage, McPherson and Rowe 1969)."
    )
    ended = f"It ended {suite.stopped_early}." if suite.stopped_early else "It did not end before its last round."
    return [Fact("Early stop", f"{how} {ended}")]

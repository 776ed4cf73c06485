"""Load from several hosts: by how much their clocks may have differed."""

from statistics import median

from serveoff.analyse.comparison import Comparison
from serveoff.loadtests.problems import WindowCode
from serveoff.report.phrases.numbers import ms
from serveoff.report.section import Fact


def clocks(comparison: Comparison) -> list[Fact]:
    """None where load came from this machine alone."""
    windows = [window for entry in comparison.entries for window in entry.result.windows if window.workers]
    if not windows:
        return []
    bounds = [window.clock_bound_s for window in windows]
    workers = {worker.worker for window in windows for worker in window.workers}
    apart = sum(any(p.code is WindowCode.NOT_TOGETHER for p in window.problems) for window in windows)
    return [
        Fact(
            "Load workers",
            f"{len(workers)} drove slices. Their clocks were known to within {ms(median(bounds))} ms in the median "
            f"slice and {ms(max(bounds))} ms in the worst. A window narrower than ten times that is INVALID, and so is "
            f"one that a worker joined late: {apart} of {len(windows):,} slices.",
        )
    ]

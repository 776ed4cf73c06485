"""Cold starts in sentences: how often everything was started, what came first, and what the figures say."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.cold_start import WARMUP, ColdStarts, Started
from serveoff.report.phrases.cells import bounds_said
from serveoff.report.phrases.names import counted, deployment_phrase
from serveoff.report.phrases.numbers import ms
from serveoff.report.phrases.runtimes import beside, in_containers, start


def sentences(comparison: Comparison) -> list[str]:
    """How often everything was started, what came first, and what the figures say."""
    said = (_how(comparison), _order(comparison), _warmed(comparison), *_failures(comparison))
    return [sentence for sentence in said if sentence]


def chart_note(comparison: Comparison) -> str:
    """What the bars are."""
    said = f"Seconds from {start(comparison)} to the first answer, in pieces; each bar is the mean of its starts."
    if kinds := bounds_said(s.warm.first_answer_s for s in comparison.cold_starts):
        said += f" The mark on it is their median, with the {kinds}."
    if any(starts.bare for starts in comparison.cold_starts):
        said += " A ring is the median without warm-up calls, from other starts, so more than those calls may differ."
    if in_containers(comparison):
        said += " Left of zero: the creation of the container."
    return said


def _how(comparison: Comparison) -> str:
    repeated = [starts for starts in comparison.cold_starts if starts.repeated]
    if not repeated:
        return f"One start of each deployment, {beside(comparison)}: measured once, so without an interval."
    counts = {starts.warm.first_answer_s.count for starts in repeated}
    most = max(counts)
    bare = max((starts.bare.first_answer_s.count for starts in repeated if starts.bare), default=0)
    without = f" and {bare} {'time' if bare == 1 else 'times'} without" if bare else ""
    few = "" if most > 5 else " and their range: fewer than six have no 95% interval (Hahn and Meeker 1991)"
    often = f"up to {most}" if len(counts) > 1 else str(most)
    return (
        f"Each contender was started {often} times with its warm-up calls{without}, in turns (A B C, A B C), each time "
        f"as a fresh server with nothing else awake. Figures are medians of those starts{few}."
    )


def _order(comparison: Comparison) -> str:
    """What the caches of the disk may have done to the first starts."""
    known = [starts for starts in comparison.cold_starts if starts.first.order is not None]
    if not known:
        return "Later starts may have had warm file caches."
    first = min(known, key=lambda starts: starts.first.order or 0)
    who = f"The first start shown was that of {deployment_phrase(first.entry.result)}"
    later = "later starts may have had warm file caches"
    again = "; a deployment's own first start has a column of its own" if any(s.repeated for s in known) else ""
    return f"{who}: {later}{again}."


def _warmed(comparison: Comparison) -> str:
    """What warm-up calls buy: their own time against what the first request saves."""
    both = [s for s in comparison.cold_starts if s.bare and s.bare.first_request_s and s.warm.first_request_s]
    if not both:
        return ""
    most = max(both, key=_saved)
    if _saved(most) <= 0:
        return "Warm-up calls made no deployment's first request clearly faster."
    assert most.bare is not None
    calls = f"{ms(most.warm.pieces.get(WARMUP, 0.0))}\u00a0ms of them"
    return (
        f"Warm-up calls saved most in {deployment_phrase(most.entry.result)}: its first request took "
        f"{_first_request(most.bare)} without them, and {_first_request(most.warm)} after {calls}."
    )


def _saved(starts: ColdStarts) -> float:
    """Seconds by which the quickest first request without warm-up calls is above the slowest one after them."""
    bare = starts.bare.first_request_s if starts.bare else None
    warm = starts.warm.first_request_s
    return (bare.low or bare.value) - (warm.high or warm.value) if bare and warm else 0.0


def _first_request(started: Started) -> str:
    assert started.first_request_s is not None
    return f"{ms(started.first_request_s.value)}\u00a0ms ({counted(started.first_request_s.count, 'start')})"


def _failures(comparison: Comparison) -> list[str]:
    """Starts that came to no answer, with the reason of the first."""
    return [
        f"{len(starts.problems)} of the starts of {deployment_phrase(starts.entry.result)} failed: "
        f"{starts.problems[0].text.splitlines()[0]}."
        for starts in comparison.cold_starts
        if starts.problems
    ]

"""What a cold start is made of, how far its repeats lie apart, and what the very first request costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import fmean, median
from typing import Annotated, Final

from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import Evidence
from serveoff.analyse.statistics.few_repeats import Spread, spread
from serveoff.analyse.stored_once import ENTRY
from serveoff.record.cold_starts import ColdStart
from serveoff.record.problems import Problem
from serveoff.record.startup_phases import IMPORTED, LOADED, WARMED, WORKER


@dataclass(frozen=True)
class Started:
    """What several cold starts of one deployment say, all with warm-up calls or all without. Seconds."""

    first_answer_s: Spread
    ready_s: Spread | None
    create_s: float | None
    """Median seconds that its container took to be made, before they began; None for a process."""
    pieces: Mapping[str, float]
    """Mean seconds of each piece, in order; together, the mean of the first answers: studies.cold_start."""
    first_request_s: Spread | None
    """Latency of the very first request; None for a floor, which is sent none."""
    next_request_s: float | None
    """Median latency of the requests right after it."""
    penalty: Spread | None
    """The first request over the endpoint's p50 with one caller."""


@dataclass(frozen=True)
class ColdStarts:
    """Every cold start of one deployment."""

    entry: Annotated[Entry, ENTRY]
    """The endpoint that was asked first."""
    first: ColdStart
    warm: Started
    bare: Started | None
    """Without warm-up calls; None where there are none to leave away, or it was not measured."""
    problems: tuple[Problem, ...]
    """Why starts failed, one each."""
    has_warmup: bool
    """Its server wrote of warm-up calls when it started."""

    @property
    def repeated(self) -> bool:
        """It was started more than once."""
        return self.warm.first_answer_s.count > 1


ENGINE, FRONTEND, IMPORTS, LOAD, WARMUP, REST, UNTOLD, FIRST_REQUEST = PIECES = (
    "engine",
    "frontend",
    "imports",
    "load",
    "warmup",
    "rest",
    "untold",
    "first_request",
)
"""In this order: the engine starts the container; the server's own processes before the one that computes; interpreter
and imports; the model; warm-up calls; the rest until it was asked. `untold` is all of that where the server wrote no
phases. At last the first request."""
ENDED_BY: Final = {FRONTEND: WORKER, IMPORTS: IMPORTED, LOAD: LOADED, WARMUP: WARMED}
"""Which line of its log ends a piece. The last one, `listening`, comes within the 10 ms to which these are known."""


def study(evidence: Evidence) -> tuple[ColdStarts, ...]:
    """Every deployment that came to a first answer with warm-up, quickest first; variants are left out."""
    deployments: dict[str, list[Entry]] = {}
    for entry in evidence.entries:
        if entry.role != "variant" and entry.first_answer_s is not None:
            deployments.setdefault(entry.result.deployment, []).append(entry)
    found = [_study(entries) for entries in deployments.values()]
    return tuple(sorted(found, key=lambda starts: starts.warm.first_answer_s.value))


def pieces(start: ColdStart) -> dict[str, float]:
    """Seconds of each piece of one start, in order; together they are its first answer.

    A phase that ends later than the first request began, by the clock's 10 ms, ends there.
    """
    if start.first_answer_s is None:
        return {}
    asked_s = start.first_answer_s - (start.first_request_s or 0.0)
    found: dict[str, float] = {}
    since_s = 0.0
    for piece, end_s in _ends(start):
        until_s = min(max(end_s, since_s), asked_s)
        found[piece] = until_s - since_s
        since_s = until_s
    found[REST if start.phases else UNTOLD] = asked_s - since_s
    return found if start.first_request_s is None else {**found, FIRST_REQUEST: start.first_request_s}


def _ends(start: ColdStart) -> list[tuple[str, float]]:
    """Each piece before the rest, with the seconds since the spawn at which it ended."""
    engine_s = _engine_s(start)
    ends = [(piece, engine_s + start.phases[name]) for piece, name in ENDED_BY.items() if name in start.phases]
    if start.phases and IMPORTED not in start.phases:
        # The null service imports no framework: what ends with `loaded` is its interpreter.
        ends = [(IMPORTS if piece == LOAD else piece, end_s) for piece, end_s in ends]
    return ends if start.start_s is None else [(ENGINE, engine_s), *ends]


def _engine_s(start: ColdStart) -> float:
    """Seconds before the server's process ran.

    The engine reports a start only when the process has been running for some time already: what the server itself
    wrote says how much of that was the engine's.
    """
    reported_s = start.start_s or 0.0
    if not start.phases or start.ready_s is None:
        return reported_s
    return min(reported_s, max(start.ready_s - max(start.phases.values()), 0.0))


def _study(entries: Sequence[Entry]) -> ColdStarts:
    starts = entries[0].result.starts
    first = next(s for s in starts if s.warmup and s.first_answer_s is not None)
    entry = next((e for e in entries if e.result.protocol == first.protocol), entries[0])
    alone = entry.at(1)
    p50_s = alone.p50_s.value if alone is not None and alone.valid and entry.role != "floor" else None
    warm, bare = (_started([s for s in starts if s.warmup is kind], p50_s) for kind in (True, False))
    assert warm is not None
    return ColdStarts(
        entry=entry,
        first=first,
        warm=warm,
        bare=bare,
        problems=tuple(s.problem for s in starts if s.problem),
        has_warmup=any(WARMED in s.phases for s in starts),
    )


def _started(starts: Sequence[ColdStart], p50_s: float | None) -> Started | None:
    answered = [start for start in starts if start.first_answer_s is not None]
    first_answer_s = _spread([start.first_answer_s for start in answered])
    if first_answer_s is None:
        return None
    first_request_s = _spread([start.first_request_s for start in answered])
    created = [start.create_s for start in answered if start.create_s is not None]
    following = list(chain.from_iterable(start.next_requests_s for start in answered))
    return Started(
        first_answer_s=first_answer_s,
        ready_s=_spread([start.ready_s for start in answered]),
        create_s=median(created) if created else None,
        pieces=_means([pieces(start) for start in answered]),
        first_request_s=first_request_s,
        next_request_s=median(following) if following else None,
        penalty=first_request_s.over(p50_s) if first_request_s is not None and p50_s else None,
    )


def _spread(values: Sequence[float | None]) -> Spread | None:
    return spread([value for value in values if value is not None])


def _means(starts: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each piece that any start had; a start without it spent nothing on it."""
    return {p: fmean(start.get(p, 0.0) for start in starts) for p in PIECES if any(p in start for start in starts)}

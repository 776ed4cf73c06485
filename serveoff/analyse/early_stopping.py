"""When a run may end before its last round: once it is clear who wins on latency, throughput and cost.

Clear means what the report would say of each at that moment: a winner or a tie, by an interval that holds for all pairs
of endpoints and pays for every look (serveoff.analyse.statistics.alpha_spending). The noise between rounds, which that
interval holds, is pooled over the run's points; after two rounds a few points know too little of it, and such a run
has all its rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from serveoff.analyse.analysis import evidence_so_far
from serveoff.analyse.entries import Contest
from serveoff.analyse.winners import Evidenced, decide_all

DECIDING: Final = ("latency", "throughput", "cost")
MIN_POINTS: Final = 12
"""Plain points, of two rounds each, that the noise between rounds must rest on: with 12 of them, two equal endpoints
and 3% of noise, simulated runs call a difference in 5 of 100; with 6, in 7."""
DECIDED: Final = ("better", "tie")
"""Not where there is one candidate: the others may have become INVALID, or there is nothing to decide."""


def clear(contests: Sequence[Contest]) -> str:
    """What each deciding contest over all contenders came to; nothing while one is open."""
    outcomes = {a.objective: a.outcome for a in contests if a.scope == "all"}
    if any(outcomes.get(objective) not in DECIDED for objective in DECIDING):
        return ""
    said = {"better": "a clear winner", "tie": "a tie"}
    return ", ".join(f"{said[outcomes[objective]]} in {objective}" for objective in DECIDING)


def reason_to_stop(folder: Path, round_: int, rounds: int) -> str:
    """`after round 2 of 3: a clear winner in latency, ...` where the run in `folder` is clear by now; else nothing."""
    evidence = evidence_so_far(folder)
    found = clear(decide_all(evidence)) if _points(evidence) >= MIN_POINTS else ""
    return f"after round {round_} of {rounds}: {found}" if found else ""


def _points(evidence: Evidenced) -> int:
    medians = (sampled["p50"] for (_, load), sampled in evidence.sampled.items() if load.plain and "p50" in sampled)
    return sum(median.by_round.size > 1 for median in medians)

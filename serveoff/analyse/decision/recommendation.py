"""Which contender to deploy, and when a run recommends none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from serveoff.analyse.decision.matrix import Matrix, MatrixRow
from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import LATENCY, Evidence, Measure
from serveoff.analyse.stored_once import EndpointName
from serveoff.analyse.studies.by_round import ByRound

MOST_INVALID: Final = 1 / 3
"""With this share of the contenders INVALID, the winner of the rest is no answer."""
FEWEST_ROUNDS: Final = 6
"""So many, all won, tell an order from chance: a two-sided sign test at 5% (Dixon and Mood 1946), 2 * 0.5^6 = 0.031."""
FEWEST_OF_A_SHORT_RUN: Final = 3
"""All of a run that has no more: then it cannot tell that the INVALID one was not quicker."""


class RefusalCode(StrEnum):
    """Why a run recommends nothing."""

    NOTHING_VALID = "nothing valid"
    MANY_INVALID = "many invalid"
    """A third or more of the contenders that ran are INVALID."""
    INVALID_WAS_QUICKER = "invalid was quicker"
    """An INVALID contender was quicker than the best of the others in every round that both had, and these are many."""


@dataclass(frozen=True)
class Refusal:
    """Why there is no recommendation, and the INVALID endpoints that are the reason."""

    code: RefusalCode
    endpoints: tuple[EndpointName, ...]
    ran: int
    """How many contenders ran."""


def order(matrix: Matrix) -> list[MatrixRow]:
    """Rows that may be recommended, the first choice first.

    By the number of resampled objectives on which a contender is best or tied with the best; of equal ones by the
    fewest on which it is worse, then by TIE_BREAKERS, then by median latency.
    """
    valid = [row for row in matrix.rows if row.cells[LATENCY.objective].estimate.value is not None]
    return sorted(valid, key=lambda row: _standing(row, matrix))


def tied_with(evidence: Evidence, measures: Sequence[Measure], first: Entry) -> tuple[str, ...]:
    """Contenders as good as the first: tied with it at the median, and on no objective clearly better or worse."""
    return tuple(e.name for e in evidence.contenders if e is not first and _as_good(evidence, measures, first, e))


def refusal(evidence: Evidence, first: str | None, by_round: Sequence[ByRound]) -> Refusal | None:
    """Why the first choice is not recommended; None where it is."""
    ran = [entry for entry in evidence.contenders if entry.points]
    invalid = [entry for entry in ran if entry.alone is not None and not entry.alone.valid]
    names = tuple(entry.name for entry in invalid)
    if first is None:
        return Refusal(RefusalCode.NOTHING_VALID, names, len(ran))
    if len(invalid) >= MOST_INVALID * len(ran):
        return Refusal(RefusalCode.MANY_INVALID, names, len(ran))
    p50_s = {found.endpoint: found.p50_s for found in by_round}
    rivals = [name for name in names if _always_quicker(p50_s, name, first)]
    return Refusal(RefusalCode.INVALID_WAS_QUICKER, tuple(rivals), len(ran)) if rivals else None


def _standing(row: MatrixRow, matrix: Matrix) -> tuple[float, ...]:
    cells = [row.cells[objective] for objective in matrix.resampled]
    last = row.cells[LATENCY.objective].estimate.value or 0.0
    return (
        -sum(cell.good for cell in cells),
        sum(cell.mark == "worse" for cell in cells),
        *(not row.cells[objective].good for objective in matrix.tie_breakers),
        last,
    )


def _as_good(evidence: Evidence, measures: Sequence[Measure], first: Entry, other: Entry) -> bool:
    pairs = {m.objective: evidence.between(m, first, other) for m in measures}
    outcomes = {objective: pair.outcome for objective, pair in pairs.items() if pair is not None}
    return outcomes.get(LATENCY.objective) == "tied" and not {"faster", "slower"} & set(outcomes.values())


def _always_quicker(p50_s: Mapping[str, Mapping[int, float]], rival: str, first: str) -> bool:
    """In all the rounds that both took part in, FEWEST_ROUNDS or more: one that died early may have had luck.

    A short run of a slow model has fewer: there it is all rounds of the first.
    """
    mine, its = p50_s.get(rival, {}), p50_s.get(first, {})
    both = mine.keys() & its.keys()
    enough = min(FEWEST_ROUNDS, max(FEWEST_OF_A_SHORT_RUN, len(its)))
    return len(both) >= enough and all(mine[number] < its[number] for number in both)

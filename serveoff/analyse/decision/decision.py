"""The decision of one run, and how it is made of the others in this folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from serveoff.analyse.decision import recommendation, would_change
from serveoff.analyse.decision.matrix import Matrix, build, measures
from serveoff.analyse.decision.recommendation import Refusal
from serveoff.analyse.decision.serve_with import ServeWith, serve_with
from serveoff.analyse.decision.sizing import Sizing, sizing
from serveoff.analyse.decision.statements import Open, Statement, open_questions, statements
from serveoff.analyse.decision.would_change import Change
from serveoff.analyse.evidence import Evidence
from serveoff.analyse.stored_once import EndpointName
from serveoff.analyse.studies.by_round import ByRound
from serveoff.analyse.studies.capacity import Capacity
from serveoff.analyse.studies.payloads import Encoded
from serveoff.record.attached import ATTACHED
from serveoff.record.suite import Suite


class ExcludedCode(StrEnum):
    """Why an endpoint is not ranked, or not all of it."""

    STAND_IN = "stand-in"
    """It stands for a server that is not here."""
    NOT_RUN = "not run"
    INVALID = "invalid"
    """The point that it would be ranked by."""
    PARTLY_INVALID = "partly invalid"
    """Some other plain load of it."""


@dataclass(frozen=True)
class Excluded:
    """Endpoints that the recommendation does not rest on, or not on all that was measured of them."""

    code: ExcludedCode
    endpoints: tuple[EndpointName, ...]


@dataclass(frozen=True)
class Decision:
    """One run's recommendation. Endpoints are names; figures are in base units."""

    recommended: EndpointName | None = None
    """A contender; None where there is none, or `refused` says why not."""
    tied_with: tuple[EndpointName, ...] = ()
    """Contenders as good as it."""
    refused: Refusal | None = None
    statements: tuple[Statement, ...] = ()
    open: tuple[Open, ...] = ()
    matrix: Matrix = field(default_factory=Matrix)
    sizing: Sizing | None = None
    serve_with: ServeWith | None = None
    """None of both for an attached endpoint: nobody here starts it, and it may be several replicas."""
    would_change: tuple[Change, ...] = ()
    excluded: tuple[Excluded, ...] = ()


def decide(
    evidence: Evidence,
    suite: Suite,
    by_round: Sequence[ByRound],
    capacity: Sequence[Capacity],
    payloads: Sequence[Encoded],
) -> Decision:
    """What the judged evidence decides."""
    by = measures(evidence, suite)
    matrix = build(evidence, by)
    standing = recommendation.order(matrix)
    name = standing[0].endpoint if standing else None
    refused = recommendation.refusal(evidence, name, by_round)
    excluded = tuple(_excluded(evidence))
    if name is None or refused is not None:
        return Decision(refused=refused, matrix=matrix, excluded=excluded)
    first = next(entry for entry in evidence.contenders if entry.name == name)
    attached = first.result.server == ATTACHED
    rest = tuple(row for row in matrix.rows if row.endpoint != name)
    return Decision(
        recommended=name,
        tied_with=recommendation.tied_with(evidence, by, first),
        statements=statements(evidence, by, first),
        open=open_questions(evidence, by, first),
        matrix=Matrix(matrix.objectives, (standing[0], *rest)),
        sizing=None if attached else sizing(first, capacity),
        serve_with=None if attached else serve_with(first, suite.settings),
        would_change=would_change.study(evidence, by, matrix, first, capacity, payloads),
        excluded=excluded,
    )


def _excluded(evidence: Evidence) -> Iterator[Excluded]:
    contenders = evidence.contenders
    invalid = [entry for entry in contenders if entry.alone is not None and not entry.alone.valid]
    found = {
        ExcludedCode.STAND_IN: [entry for entry in evidence.entries if entry.role == "stand-in"],
        ExcludedCode.NOT_RUN: [entry for entry in contenders if not entry.points],
        ExcludedCode.INVALID: invalid,
        ExcludedCode.PARTLY_INVALID: [
            entry for entry in contenders if entry not in invalid and not all(p.valid for p in entry.points)
        ],
    }
    for code, entries in found.items():
        if entries:
            yield Excluded(code, tuple(entry.name for entry in entries))

"""What a run says of the recommended contender against groups of others: what is clear, and what is not settled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field

from serveoff.analyse.claims.pairs import DYNAMIC
from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import LATENCY, Evidence, Measure
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.stored_once import EndpointName
from serveoff.analyse.verdict import DECIDED
from serveoff.record.endpoint_results import EndpointResult

Kind = Literal["next", "server", "eager", "format", "protocol"]
MOST: Final = 3
"""Statements that a reader remembers, besides that against the next fastest."""
ORDER: Final = ("latency", "throughput", "tail", "cost")
"""A group is beaten on the first of these that is clear."""


@dataclass(frozen=True)
class Group:
    """Contenders that a reader sees as one: by their server, or behind the same server by what else they differ in.

    The next fastest is a group of its own.
    """

    kind: Kind
    name: str
    """The server, format or protocol; the endpoint of the next fastest."""


@dataclass(frozen=True)
class Statement:
    """The recommended contender is clearly better than every VALID one of a group, and none of it is INVALID."""

    objective: str
    ratio: Estimate
    """How many times better than the best of the group: true of all of it."""
    group: Group
    endpoints: Annotated[tuple[EndpointName, ...], Field(min_length=1)]
    """The group, its best first."""


@dataclass(frozen=True)
class Open:
    """On this objective the run does not tell the recommended contender and these apart."""

    objective: str
    endpoints: tuple[EndpointName, ...]


def statements(evidence: Evidence, measures: Sequence[Measure], first: Entry) -> tuple[Statement, ...]:
    """Against the next fastest, then the strongest, whole servers first; what the first implies is not said again."""
    groups: dict[Group, list[Entry]] = {}
    for entry in evidence.contenders:
        if entry is not first and entry.points:
            for group in _groups_of(entry.result, first.result):
                groups.setdefault(group, []).append(entry)
    found = [said for group in groups.items() if (said := _clear(evidence, measures, first, *group))]
    kinds: tuple[Kind, ...] = ("server", "eager", "format", "protocol")
    ordered = sorted(found, key=lambda s: (kinds.index(s.group.kind), -(s.ratio.value or 0.0)))
    following = _next_fastest(evidence, first)
    told = {name for said in following for name in said.endpoints}
    return (*following, *[said for said in ordered if said.endpoints[0] not in told][:MOST])


def _next_fastest(evidence: Evidence, first: Entry) -> tuple[Statement, ...]:
    """Against the rival with the lowest median latency; empty where the first is not clearly faster than it."""
    rivals = [point.endpoint for point in evidence.candidates(LATENCY) if point.endpoint != first.name]
    entries = {entry.name: entry for entry in evidence.contenders}
    found = [_clear(evidence, [LATENCY], first, Group("next", name), [entries[name]]) for name in rivals[:1]]
    return tuple(said for said in found if said is not None)


def open_questions(evidence: Evidence, measures: Sequence[Measure], first: Entry) -> tuple[Open, ...]:
    """Every objective on which the first and others are undecided."""
    found = []
    for measure in measures:
        pairs = {e.name: evidence.between(measure, first, e) for e in evidence.contenders if e is not first}
        names = [name for name, pair in pairs.items() if pair is not None and pair.outcome not in DECIDED]
        if names:
            found.append(Open(measure.objective, tuple(names)))
    return tuple(found)


def _groups_of(result: EndpointResult, first: EndpointResult) -> Iterator[Group]:
    if result.server != first.server:
        yield Group("server", result.server)
    if result.format in DYNAMIC and result.format != first.format:
        yield Group("eager", result.format)
    elif result.server == first.server and result.format != first.format:
        yield Group("format", result.format)
    if result.deployment == first.deployment:
        yield Group("protocol", result.protocol)


def _clear(
    evidence: Evidence, measures: Sequence[Measure], first: Entry, group: Group, members: Sequence[Entry]
) -> Statement | None:
    by = {measure.objective: measure for measure in measures}
    for objective in (o for o in ORDER if o in by):
        pairs = [(entry.name, evidence.between(by[objective], first, entry)) for entry in members]
        clear = [(pair.ratio, name) for name, pair in pairs if pair is not None and pair.outcome == "faster"]
        if len(clear) == len(members):
            ordered = sorted(clear, key=lambda found: found[0].value or 0.0)
            return Statement(objective, ordered[0][0], group, tuple(name for _, name in ordered))
    return None

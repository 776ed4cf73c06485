"""What a run says of the recommended contender against groups of others: what is clear, and what is not settled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from serveoff.analyse.claims.pairs import DYNAMIC
from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import Evidence, Measure
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.verdict import DECIDED
from serveoff.record.endpoint_results import EndpointResult

Kind = Literal["runner-up", "server", "eager", "format", "protocol"]
MOST: Final = 3
"""Statements that a reader remembers, besides that against the runner-up."""
ORDER: Final = ("latency", "throughput", "tail", "cost")
"""A group is beaten on the first of these that is clear."""


@dataclass(frozen=True)
class Group:
    """Contenders that a reader sees as one: by their server, or behind the same server by what else they differ in.

    The runner-up is a group of its own.
    """

    kind: Kind
    name: str
    """The server, format or protocol; the runner-up's endpoint."""


@dataclass(frozen=True)
class Statement:
    """The recommended contender is clearly better than every VALID one of a group, and none of it is INVALID."""

    objective: str
    ratio: Estimate
    """How many times better than the best of the group: true of all of it."""
    group: Group
    endpoints: tuple[str, ...]
    """The group, its best first."""


@dataclass(frozen=True)
class Open:
    """On this objective the run does not tell the recommended contender and these apart."""

    objective: str
    endpoints: tuple[str, ...]


def statements(
    evidence: Evidence, measures: Sequence[Measure], first: Entry, second: str | None
) -> tuple[Statement, ...]:
    """Against the runner-up, then the strongest, whole servers first. Of one endpoint only one."""
    groups: dict[Group, list[Entry]] = {}
    for entry in evidence.contenders:
        if entry is not first and entry.points:
            for group in _groups_of(entry.result, first.result):
                groups.setdefault(group, []).append(entry)
    found = [said for group in groups.items() if (said := _clear(evidence, measures, first, *group))]
    kinds: tuple[Kind, ...] = ("server", "eager", "format", "protocol")
    ordered = sorted(found, key=lambda s: (kinds.index(s.group.kind), -(s.ratio.value or 0.0)))
    runner_up = [entry for entry in evidence.contenders if entry.name == second]
    against = [said for e in runner_up if (said := _clear(evidence, measures, first, Group("runner-up", e.name), [e]))]
    return (*against, *[said for said in ordered if said.endpoints != (second,)][:MOST])


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

"""From the user's model to every format: each by the shortest way of steps that holds against the golden answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from serveoff.models import convert
from serveoff.models.agreement import Agreement
from serveoff.models.convert import Edge
from serveoff.models.jobs import JobFailed, Jobs
from serveoff.models.manifest import Missing
from serveoff.models.spec import ModelSpec

MOST_WAYS = 4
"""Tried for a format before it is given up: what four ways cannot do, a fifth has not done either."""


@dataclass(frozen=True)
class Converted:
    """An artifact that agrees: the nodes it came by, the source's first, and what its check said."""

    folder: Path
    way: tuple[str, ...]
    agreement: Agreement
    framework: str
    framework_version: str
    bytes: int


@dataclass(frozen=True)
class Failure:
    """Where a way ended, why, and the operator that is to blame, if one is."""

    way: tuple[str, ...]
    reason: str
    operator: str = ""


class Converter:
    """Makes artifacts in the folder of the golden answers. Each step is done once, whatever ways lead through it."""

    def __init__(self, start: str, folder: Path, spec: ModelSpec, jobs: Jobs) -> None:
        self._start, self._folder, self._spec, self._jobs = start, folder, spec, jobs
        self._nodes: dict[tuple[str, ...], Path | Failure] = {(start,): folder / start}

    def make(self, format: str) -> Converted | Missing:
        """The artifact of a format by the first way that holds, or why there is none."""
        failures: list[Failure] = []
        for way in self._ways(format):
            found = self._by(way, format)
            if isinstance(found, Converted):
                return found
            if found not in failures:
                failures.append(found)
        return _missing(failures, self._start, format)

    def _ways(self, format: str) -> Iterator[tuple[str, ...]]:
        """The nodes of each way; ways beyond a node that could not be made are left out, as they come."""
        found = 0
        for way in convert.paths(self._start, format, convert.EDGES):
            nodes = (self._start, *(edge.target for edge in way))
            known = [self._nodes.get(nodes[:end]) for end in range(1, len(nodes))]
            if found and any(isinstance(node, Failure) for node in known):
                continue
            found += 1
            yield nodes
            if found == MOST_WAYS:
                return

    def _by(self, way: tuple[str, ...], format: str) -> Converted | Failure:
        node = self._node(way)
        if isinstance(node, Failure):
            return node
        try:
            checked = self._jobs.run(
                "check",
                format,
                str(node),
                self._spec.model_dump_json(),
                str(self._folder),
                by=format,
            )
        except JobFailed as error:
            return Failure(way, error.reason, error.operator)
        agreement = Agreement(**checked.pop("agreement"))
        if not agreement.ok:
            return Failure(way, disagreeing(agreement))
        return Converted(node, way, agreement, **checked)

    def _node(self, way: tuple[str, ...]) -> Path | Failure:
        """The folder of a way's last node, made by its last step from the one before."""
        if way not in self._nodes:
            before = self._node(way[:-1])
            self._nodes[way] = before if isinstance(before, Failure) else self._step(way, before)
        return self._nodes[way]

    def _step(self, way: tuple[str, ...], source: Path) -> Path | Failure:
        target = self._folder / "-".join(way)
        target.mkdir()
        edge = Edge(*way[-2:])
        arguments = edge.name, str(source), str(target), self._spec.model_dump_json()
        try:
            self._jobs.run("convert", *arguments, by=f"the step {edge.name}")
        except JobFailed as error:
            return Failure(way, error.reason, error.operator)
        return target


def disagreeing(agreement: Agreement) -> str:
    """What is wrong with answers that are not the golden ones."""
    if agreement.problem:
        return f"its answers differ: {agreement.problem}"
    return (
        f"its answers differ: golden row {agreement.worst_input} is off by {agreement.max_abs_error:.3g}, "
        f"{agreement.worst_share:.3g} times what is allowed; top class the same for {agreement.top1:.0%}"
    )


def _missing(failures: Sequence[Failure], start: str, format: str) -> Missing:
    """The most telling failure: the first that names an operator, or the shortest way's."""
    if not failures:
        why = convert.NO_WAY.get(format, "there is no such conversion")
        return Missing(reason=f"no conversion leads there from {start}: {why}")
    told = next((failure for failure in failures if failure.operator), failures[0])
    return Missing(reason=f"{' > '.join(told.way)}: {told.reason}", operator=told.operator)

"""The payload matrix, and the ranking in which each endpoint has its best payload."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import Evidence
from serveoff.analyse.ranking import placed
from serveoff.analyse.stored_once import DeploymentName
from serveoff.analyse.studies.payloads import SHOWN, Encoded, Group


@dataclass(frozen=True)
class EncodingCell:
    """One deployment and one encoding. `reason` says why it failed its gate."""

    deployment: DeploymentName
    encoding: str
    state: Literal["measured", "not taken", "not measured", "failed"]
    encoded: Encoded | None = None
    reason: str = ""


@dataclass(frozen=True)
class EncodingStanding:
    """Where one endpoint stands, by p50 with the fewest callers, among endpoints in chosen encodings."""

    encoded: Encoded
    rank: int
    tied_above: bool
    """As in Entry: no clear difference from the one above."""


@dataclass(frozen=True)
class Encodings:
    """Every deployment in every encoding, and a ranking beside the main one; empty where no other was measured."""

    matrix: tuple[EncodingCell, ...] = ()
    """By deployment, then by encoding."""
    best: tuple[EncodingStanding, ...] = ()
    """Each endpoint in the encoding in which it measured quickest."""


ORDER = (
    "json",
    "base64",
    "raw",
    "jpeg",
    "png",
    "jpeg_file",
    "png_file",
    "tensor",
    "bytes",
    "grpc_json",
    "grpc_jpeg",
    "grpc_png",
)
"""Of the matrix's columns: REST's encodings, then gRPC's."""


def study(evidence: Evidence, groups: Sequence[Group]) -> Encodings:
    """All of it, where any endpoint was measured in more than its own encoding."""
    if not any(len(group) > 1 for group in groups):
        return Encodings()
    names = {entry.name for entry in evidence.contenders}
    ranked = [group for group in groups if group[0].endpoint in names]
    best = [found for group in ranked if (found := best_of(group)) is not None]
    standings = placed(evidence, ((encoded, encoded.point) for encoded in best))
    best_each = tuple(EncodingStanding(encoded, rank, above) for rank, encoded, above in standings)
    return Encodings(tuple(_matrix(evidence, groups)), best_each)


def best_of(group: Group) -> Encoded | None:
    """The quickest of an endpoint's encodings by p50, its own included; None where its own is INVALID."""
    return min((e for e in group if e.point.sound), key=_p50) if group[0].point.sound else None


def _matrix(evidence: Evidence, groups: Sequence[Group]) -> Iterator[EncodingCell]:
    """Every deployment that ran against every encoding that any of them takes or was measured in."""
    entries = [entry for entry in evidence.entries if entry.role in SHOWN and not entry.result.unavailable]
    deployments = {entry.name: entry.result.deployment for entry in entries}
    measured = {(deployments[e.endpoint], e.encoding): e for e in chain.from_iterable(groups)}
    known = {encoding for entry in entries for encoding in entry.result.taken}
    for deployment in dict.fromkeys(deployments.values()):
        own = [entry for entry in entries if entry.result.deployment == deployment]
        for encoding in _in_order(known | {encoding for _, encoding in measured}):
            yield _cell(deployment, encoding, own, measured.get((deployment, encoding)))


def _cell(deployment: str, encoding: str, entries: Sequence[Entry], encoded: Encoded | None) -> EncodingCell:
    if encoded is not None:
        return EncodingCell(deployment, encoding, "measured", encoded)
    for entry in entries:
        for name, gate in entry.result.encoding_gates.items():
            if not gate.passed and entry.result.encodings.get(name) == encoding:
                return EncodingCell(deployment, encoding, "failed", reason=gate.problem.text if gate.problem else "")
    taken = entries[0].result.taken
    refused = bool(taken) and encoding not in taken
    return EncodingCell(deployment, encoding, "not taken" if refused else "not measured")


def _in_order(encodings: Iterable[str]) -> list[str]:
    order = {encoding: number for number, encoding in enumerate(ORDER)}
    return sorted(set(encodings), key=lambda encoding: (order.get(encoding, len(order)), encoding))


def _p50(encoded: Encoded) -> float:
    return encoded.point.p50_s.value or 0.0

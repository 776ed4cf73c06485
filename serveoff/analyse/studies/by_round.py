"""The median of every round, of each contender with the fewest callers: why two of them are undecided, seen at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import Evidence
from serveoff.analyse.point_estimates import measure
from serveoff.analyse.slice_rows import RunRows
from serveoff.analyse.stored_once import EndpointName


@dataclass(frozen=True)
class ByRound:
    """The p50 of one endpoint in each round that it has a slice of, in seconds; its point may be INVALID."""

    endpoint: EndpointName
    concurrency: int
    p50_s: Annotated[dict[int, float], Field(min_length=1)]
    """By the round's number."""


def study(evidence: Evidence, rows: RunRows) -> tuple[ByRound, ...]:
    """Of every contender that answered, in the entries' order."""
    return tuple(found for entry in evidence.contenders for found in _rounds(entry, rows))


def _rounds(entry: Entry, rows: RunRows) -> Iterator[ByRound]:
    if entry.alone is None:
        return
    by_round: dict[int, list[np.ndarray]] = {}
    for sample in measure(entry.result, entry.alone.load, rows).samples:
        if sample.latency_s.size:
            by_round.setdefault(sample.round, []).append(sample.latency_s)
    if by_round:
        p50_s = {number: float(np.median(np.concatenate(found))) for number, found in sorted(by_round.items())}
        yield ByRound(entry.name, entry.alone.concurrency, p50_s)

"""Endpoints with their figures under each load, and their places. Base units: seconds, bytes, requests a second."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final

from serveoff.analyse.statistics.estimates import NOTHING, Estimate
from serveoff.analyse.statistics.few_repeats import Spread, spread
from serveoff.analyse.stored_once import RESULT
from serveoff.analyse.verdict import Finding, Verdict
from serveoff.loadtests.loads import Load
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.roles import Role

Key = tuple[str, Load]
"""Endpoint and load."""
NOT_MEASURED: Final = "it was not measured"


@dataclass(frozen=True)
class Point:
    """One endpoint under one load, over all starts and rounds. `samples` are answered requests."""

    endpoint: str
    load: Load
    verdict: Verdict
    rounds: int
    samples: int
    errors: int
    answers_checked: int
    wrong_answers: int
    p50_s: Estimate
    p90_s: Estimate
    p99_s: Estimate
    throughput: Estimate
    cpu_per_request_s: Estimate
    """Server CPU seconds over all its processes, per request."""
    client_cpu_share: float | None
    """CPU seconds of the load generator per second: 1.0 is one whole CPU."""
    network_in_per_request: float | None = None
    network_out_per_request: float | None = None
    """Bytes over the container's interfaces, as the server sees them; None for a process."""
    throttled_share: float | None = None
    """Seconds held back by the CPU limit per second, summed over cores; None for a process without one."""
    p999_s: Estimate = NOTHING
    """The 99.9th percentile."""
    starts: int = 1
    """Lives of the server that it was measured in."""

    @property
    def valid(self) -> bool:
        """The point counts."""
        return self.verdict.valid

    def doubted(self, finding: Finding) -> Point:
        """The same with one more finding."""
        return replace(self, verdict=Verdict((*self.verdict.findings, finding)))

    @property
    def concurrency(self) -> int:
        """Callers of a closed loop; the most connections of an open one."""
        return self.load.concurrency

    @property
    def key(self) -> Key:
        """What its resampled statistics are found by."""
        return self.endpoint, self.load

    @property
    def plain_rows(self) -> bool:
        """Its load is closed, in the endpoint's own encoding, of any number of rows."""
        return self.load == replace(Load(concurrency=self.concurrency), batch=self.load.batch)

    @property
    def sound(self) -> bool:
        """It counts, and has a median."""
        return self.valid and self.p50_s.value is not None


@dataclass(frozen=True)
class Entry:
    """One endpoint of the run: who it is, its points, and its place.

    `points` are those of plain loads, by which endpoints are ranked (`Load.plain`); `others` are the rest: open loops,
    other payloads, batches.
    """

    result: Annotated[EndpointResult, RESULT]
    role: Role
    points: tuple[Point, ...]
    rank: int | None
    """By p50 at the lowest concurrency; None where that point is INVALID or the endpoint is no contender."""
    tied_above: bool
    """The interval of its ratio to the one ranked above it holds no clear difference."""
    overhead: Estimate | None
    """p50 over the p50 of its format's floor."""
    others: tuple[Point, ...] = ()

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return self.result.endpoint

    @property
    def alone(self) -> Point | None:
        """The point at the lowest concurrency that was asked for, VALID or not."""
        return self.points[0] if self.points else None

    @property
    def best(self) -> Point | None:
        """The VALID point of highest throughput, of those with the fewest callers and the most.

        Every round has a slice of these two. Loads between them have one in six, and count where neither is VALID.
        """
        valid = [p for p in self.points if p.valid and p.throughput.value is not None]
        raced = [p for p in valid if p is self.points[0] or p is self.points[-1]]
        return max(raced or valid, key=lambda p: p.throughput.value or 0.0, default=None)

    @property
    def cpu_known(self) -> bool:
        """Whether any of its points tells what its server's CPU did."""
        return any(point.cpu_per_request_s.value is not None for point in self.points)

    @property
    def first_answer_s(self) -> Spread | None:
        """Seconds of a cold start, over all of its deployment that were made with warm-up."""
        known = [s.first_answer_s for s in self.result.starts if s.warmup and s.first_answer_s is not None]
        return spread(known)

    def doubt(self, point: Point | None) -> str:
        """Why a point of it does not count; nothing where it does."""
        if self.result.unavailable is not None:
            return self.result.unavailable.text
        if point is None:
            return NOT_MEASURED
        return next((finding.seen for finding in point.verdict.reasons), "")

    def at(self, concurrency: int) -> Point | None:
        """The plain point at one concurrency."""
        return next((p for p in self.points if p.concurrency == concurrency), None)

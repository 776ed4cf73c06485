"""What a summary says: computed once from the runs, stored as JSON, rendered many times. Base units: seconds, bytes."""

from __future__ import annotations

from typing import Final, Literal

from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.verdict import Outcome
from serveoff.record.base import Record
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.environment import Machine
from serveoff.record.settings import RunSettings

SCHEMA_VERSION: Literal[2] = 2
MATTERS: Final = 0.10
"""The share of a latency under which what takes it has stopped mattering."""
BOUND: Final = 1 / (1 - MATTERS)
"""The same as a ratio: a latency of 1.11 times the model's own is a tenth server."""


class Named(Record):
    """One endpoint, in the words of serveoff.record."""

    endpoint: str
    deployment: str
    server: str
    format: str
    protocol: str
    payload: str

    @property
    def result(self) -> EndpointResult:
        """As an endpoint of a run, which serveoff.report.phrases.names can name."""
        return EndpointResult(**self.model_dump())

    @property
    def line(self) -> tuple[str, str]:
        """Server and protocol: what is followed from model to model."""
        return self.server, self.protocol


class Floor(Record):
    """A format called in process, where it is VALID: what the model itself costs."""

    endpoint: str
    format: str
    static: bool
    p50_s: Estimate


class Spot(Record):
    """One endpoint in one run, with the fewest callers. A `problem` says why it does not count; `ran`: it could run."""

    named: Named
    rank: int | None = None
    tied_above: bool = False
    p50_s: Estimate
    overhead: Estimate | None = None
    """p50 over the p50 of its format's floor."""
    problem: str = ""
    ran: bool = True


class Win(Record):
    """Who wins on one objective in one run, and how sure that is."""

    objective: Literal["latency", "throughput"]
    winner: Named
    estimate: Estimate
    concurrency: int | None = None
    runner_up: Named | None = None
    runner_up_estimate: Estimate | None = None
    margin: Estimate | None = None
    outcome: Outcome
    not_worse: int
    """How many others are tied with the winner, or undecided."""


class Extremes(Record):
    """How many times as long the slowest of several takes as the quickest; the interval holds for all their pairs."""

    slowest: str
    quickest: str
    ratio: Estimate
    among: int


class Rival(Record):
    """Flask against the native server of one format, over REST, where both were sent the same bytes."""

    flask: Named
    native: Named
    faster: Estimate
    """How many times faster Flask answers: below 1 the native server is faster."""
    outcome: Outcome


class Binary(Record):
    """One endpoint's quickest other payload beside its JSON, with the fewest callers."""

    named: Named
    encoding: str
    """What requests carry, by the word that serveoff.report.phrases.names knows."""
    json_p50_s: Estimate
    p50_s: Estimate
    faster: Estimate
    """How many times faster than JSON at the same endpoint."""
    json_bytes: int | None = None
    request_bytes: int | None = None


class ModelResult(Record):
    """One model's run. Without a `floors` entry it has no cost, and stands in no chart."""

    model: str
    description: str = ""
    parameters: int | None = None
    run_id: str
    complete: bool
    valid: int
    invalid: int
    """Points of the run, of any load."""
    problem: str = ""
    """Why the run ended before it was complete, where that is known."""
    floors: tuple[Floor, ...] = ()
    spots: tuple[Spot, ...] = ()
    wins: tuple[Win, ...] = ()
    servers: Extremes | None = None
    """Over servers and protocols with the same format, of the format where they lie furthest apart."""
    formats: Extremes | None = None
    """Over the floors of the static formats."""
    rivals: tuple[Rival, ...] = ()
    binaries: tuple[Binary, ...] = ()
    resolution: float | None = None
    """The smallest difference of latency that the run would have seen; None where no pair has an interval."""

    @property
    def cheapest(self) -> Floor | None:
        """The floor of the fastest static format: the model's cost."""
        known = [floor for floor in self.floors if floor.static]
        return min(known, key=lambda floor: floor.p50_s.value or 0.0, default=None)

    @property
    def cost_s(self) -> float | None:
        """The model's cost in seconds."""
        return self.cheapest.p50_s.value if self.cheapest else None

    def floor(self, format: str) -> Floor | None:
        """The floor of one format."""
        return next((floor for floor in self.floors if floor.format == format), None)

    def spot(self, endpoint: str) -> Spot | None:
        """One endpoint of this run."""
        return next((spot for spot in self.spots if spot.named.endpoint == endpoint), None)

    def win(self, objective: str) -> Win | None:
        """The winner on one objective, if there is one."""
        return next((win for win in self.wins if win.objective == objective), None)

    def on(self, line: tuple[str, str]) -> Spot | None:
        """What stands for a server and protocol: the quickest of its endpoints that have an overhead."""
        known = [spot for spot in self.spots if spot.named.line == line and spot.overhead is not None]
        return min(known, key=lambda spot: spot.p50_s.value or 0.0, default=None)


class Absent(Record):
    """A model without a run, and why."""

    model: str
    reason: str


class Crossing(Record):
    """The model's cost from which on something stays under its bound.

    `between`: interpolated between `lower` and `upper`, the measured models on either side. `under`: already so at the
    cheapest model, `lower`. `not reached`: not even at the most expensive, `upper`. `unknown`: fewer than two models.
    """

    state: Literal["between", "under", "not reached", "unknown"]
    cost_s: float | None = None
    low_s: float | None = None
    high_s: float | None = None
    """The 95% interval; None: it reaches beyond the models that were measured."""
    lower: str = ""
    upper: str = ""


class Line(Record):
    """One server and protocol over all models."""

    server: str
    protocol: str
    endpoints: dict[str, str]
    """Model to the endpoint that stands for the line there."""
    latency: Crossing
    """Where the server's part falls under a tenth of the latency."""
    formats: Crossing
    """Where it falls under the difference between the slowest and the fastest static format."""


class Summary(Record):
    """One run per model, cheapest model first; those without a cost come last."""

    schema_version: Literal[2] = SCHEMA_VERSION
    summary_id: str
    made_at: str
    machine: Machine
    settings: RunSettings
    """Of the first run; `differences` says where others differ."""
    differences: tuple[str, ...] = ()
    models: tuple[ModelResult, ...]
    absent: tuple[Absent, ...] = ()
    lines: tuple[Line, ...]
    stand_in: bool = False
    interrupted: bool = False

    @property
    def costed(self) -> list[ModelResult]:
        """The models with a cost, cheapest first."""
        return [found for found in self.models if found.cost_s is not None]

    def model(self, name: str) -> ModelResult:
        """One model; KeyError where there is none."""
        for found in self.models:
            if found.model == name:
                return found
        raise KeyError(name)

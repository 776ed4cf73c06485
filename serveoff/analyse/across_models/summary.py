"""What a summary says: computed once from the runs, stored as JSON, rendered many times. Base units: seconds, bytes."""

from itertools import takewhile
from typing import Final, Literal

from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.verdict import Outcome
from serveoff.record.base import Record
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.environment import Machine
from serveoff.record.settings import RunSettings

SCHEMA_VERSION: Literal[3] = 3
MATTERS: Final = 0.10
"""The share of a latency under which what takes it has stopped mattering."""
BOUND: Final = 1 / (1 - MATTERS)
"""The same as a ratio: a latency of 1.11 times the model's own is a tenth server."""

Effect = Literal["matters", "does not matter", "may matter"]
ServedBy = tuple[str, str]
"""Server and protocol: what is followed from model to model."""


def effect(ratio: Estimate) -> Effect:
    """Whether a choice matters: by its whole interval more than MATTERS of the longer time, less, or neither."""
    if ratio.low is None or ratio.high is None:
        return "may matter"
    return "matters" if ratio.low > BOUND else "does not matter" if ratio.high < BOUND else "may matter"


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
    def served_by(self) -> ServedBy:
        """Server and protocol."""
        return self.server, self.protocol


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


class Best(Record):
    """The endpoint that a run recommends, and how its median compares with the quickest of the others."""

    named: Named
    p50_s: Estimate
    throughput: Estimate
    """Requests a second, with the number of callers that gives most."""
    runner_up: Named | None = None
    ahead: Estimate | None = None
    """How many times faster than the runner-up it is; the interval holds for all pairs of the run."""
    outcome: Outcome = "unopposed"


class Extremes(Record):
    """How many times as long the slowest of several takes as the quickest; the interval holds for all their pairs."""

    slowest: Named
    quickest: Named
    ratio: Estimate


class ModelResult(Record):
    """One model's run. Without a cost it stands in no chart."""

    model: str
    description: str = ""
    run_id: str
    complete: bool
    valid: int
    invalid: int
    """Points of the run, of any load."""
    problem: str = ""
    """Why the run ended before it was complete, where that is known."""
    cost: Estimate | None = None
    """p50 of a call in process, in the fastest static format with a VALID floor."""
    cost_format: str = ""
    spots: tuple[Spot, ...] = ()
    best: Best | None = None
    servers: Extremes | None = None
    """Over servers and protocols with the same format, of the format where they lie furthest apart."""
    formats: Extremes | None = None
    """Over the floors of the static formats."""

    @property
    def cost_s(self) -> float | None:
        """The model's cost in seconds."""
        return self.cost.value if self.cost else None

    def spot(self, endpoint: str) -> Spot | None:
        """One endpoint of this run."""
        return next((spot for spot in self.spots if spot.named.endpoint == endpoint), None)

    def on(self, served_by: ServedBy) -> Spot | None:
        """What stands for a server and protocol: the quickest of its endpoints that have an overhead."""
        known = [spot for spot in self.spots if spot.named.served_by == served_by and spot.overhead is not None]
        return min(known, key=lambda spot: spot.p50_s.value or 0.0, default=None)

    def overhead(self, served_by: ServedBy) -> Estimate | None:
        """Its latency over that of the same format in process; None where either has no VALID figure."""
        spot = self.on(served_by) if self.cost_s else None
        return spot.overhead if spot else None


class Absent(Record):
    """A model without a run, and why."""

    model: str
    reason: str


class Summary(Record):
    """One run per model, cheapest model first; those without a cost come last."""

    schema_version: Literal[3] = SCHEMA_VERSION
    summary_id: str
    made_at: str
    machine: Machine
    settings: RunSettings
    """Of the first run; `differences` says where others differ."""
    differences: tuple[str, ...] = ()
    models: tuple[ModelResult, ...]
    absent: tuple[Absent, ...] = ()
    stand_in: bool = False
    interrupted: bool = False

    @property
    def costed(self) -> list[ModelResult]:
        """The models with a cost, cheapest first."""
        return [found for found in self.models if found.cost_s is not None]

    @property
    def served_by(self) -> list[ServedBy]:
        """Every server and protocol with an overhead at some model, in the order of what it adds to the cheapest."""
        overheads: dict[ServedBy, float] = {}
        for model in self.costed:
            for spot in model.spots:
                if overhead := model.overhead(spot.named.served_by):
                    overheads.setdefault(spot.named.served_by, overhead.value or 0.0)
        return sorted(overheads, key=overheads.__getitem__)

    def crossing(self, served_by: ServedBy) -> tuple[ModelResult | None, ModelResult | None]:
        """The measured models between which a server stops mattering.

        The first is the most expensive at which its part of the latency is over MATTERS by its whole interval, the
        second the cheapest from which on it is under. None: there is no such model.
        """
        found = [(model, effect(overhead)) for model in self.costed if (overhead := model.overhead(served_by))]
        over = [model for model, how in found if how == "matters"]
        under = [model for model, _ in takewhile(lambda each: each[1] == "does not matter", reversed(found))]
        return over[-1] if over else None, under[-1] if under else None

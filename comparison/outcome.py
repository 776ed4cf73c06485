"""What a comparison says, computed once and rendered many times. Base units: seconds, bytes, requests a second."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from comparison.results import EndpointResult, Suite
from comparison.stats import Estimate
from comparison.verdict import Outcome, Role, Verdict
from loadtests.loads import Load

OUT_OF_THE_BOX: Final = "defaults"
"""The variant of a server as it comes: comparison.variants."""


@dataclass(frozen=True)
class Point:
    """One endpoint under one load, over all rounds. `samples` are answered requests."""

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
    peak_memory_bytes: int | None
    client_cpu_share: float | None
    """CPU seconds of the load generator per second: 1.0 is one whole CPU."""
    network_in_per_request: float | None = None
    network_out_per_request: float | None = None
    """Bytes over the container's interfaces, as the server sees them; None for a process."""
    throttled_share: float | None = None
    """Seconds held back by the CPU limit per second, summed over cores; None for a process."""

    @property
    def valid(self) -> bool:
        """The point counts."""
        return self.verdict.valid

    @property
    def concurrency(self) -> int:
        """Callers of a closed loop; the most connections of an open one."""
        return self.load.concurrency


@dataclass(frozen=True)
class Entry:
    """One endpoint of the run: who it is, its points, and its place.

    `points` are those of plain loads, by which endpoints are ranked (`Load.plain`); `others` are the rest: open loops,
    other payloads, batches.
    """

    result: EndpointResult
    role: Role
    points: tuple[Point, ...]
    rank: int | None
    """By p50 at the lowest concurrency; None where that point is INVALID or the endpoint is no contender."""
    tied_above: bool
    """The interval of its ratio to the one ranked above it holds no clear difference."""
    overhead: Estimate | None
    """p50 over the p50 of its format's floor."""
    peak_memory_bytes: int | None
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
        """The VALID point of highest throughput."""
        valid = [p for p in self.points if p.valid and p.throughput.value is not None]
        return max(valid, key=lambda p: p.throughput.value or 0.0, default=None)

    def at(self, concurrency: int) -> Point | None:
        """The plain point at one concurrency."""
        return next((p for p in self.points if p.concurrency == concurrency), None)


@dataclass(frozen=True)
class Candidate:
    """A name with its figure: an endpoint, or for cold start a deployment, or for size a format."""

    name: str
    estimate: Estimate
    concurrency: int | None = None


@dataclass(frozen=True)
class Answer:
    """Who wins on one objective, by how much, and how sure that is."""

    objective: str
    scope: str
    """`all`, or `json`: REST endpoints only, which all received the same bytes."""
    winner: Candidate
    runner_up: Candidate | None
    margin: Estimate | None
    """How many times better the winner is than the runner-up."""
    outcome: Outcome
    not_worse: tuple[str, ...]
    """Others whose difference from the winner is a tie or inconclusive."""
    candidates: int


@dataclass(frozen=True)
class Contrast:
    """A static graph against its dynamic form: same framework, server, protocol and concurrency."""

    framework: str
    static: str
    dynamic: str
    place: str
    """`flask`, or `inprocess`."""
    concurrency: int
    metric: str
    """`p50` or `throughput`."""
    ratio: Estimate
    """How many times faster the static graph is: above 1 it wins, below 1 the dynamic form does."""
    outcome: Outcome


ClaimVerdict = Literal["confirmed", "refuted", "mixed", "inconclusive", "not measured"]
Voice = Literal["for", "against", "open", ""]
"""What a piece of evidence says of a claim, by the claim's rule; empty where it does not decide."""


@dataclass(frozen=True)
class Exhibit:
    """One piece of evidence for a claim: two endpoints compared, a figure, a fact in words, or a test that shows it."""

    group: str
    """What it speaks for: a framework, or a part of the claim."""
    words: str = ""
    """What was seen; empty where `mine` and `other` say it."""
    mine: str = ""
    other: str = ""
    """Endpoints: `mine` is so many times better than `other`."""
    load: Load | None = None
    other_load: Load | None = None
    """None: the same."""
    metric: str = ""
    """`p50` or `throughput` of endpoints; else what the figure is of."""
    figure: Estimate | None = None
    unit: Literal["times", "bytes", "lines", "error"] = "times"
    outcome: Outcome | Literal[""] = ""
    speaks: Voice = ""
    leads: bool = False
    """It stands for its group in the table of claims."""
    test: str = ""
    """`file::function` of the test that shows it."""


@dataclass(frozen=True)
class Claim:
    """One claim of the article and what this run says of it."""

    id: str
    text: str
    verdict: ClaimVerdict
    evidence: tuple[Contrast, ...] = ()
    """Static graphs against dynamic forms: of the first claim only."""
    exhibits: tuple[Exhibit, ...] = ()
    rule: str = ""
    """How the verdict follows from the exhibits; written down before any run."""
    reason: str = ""
    """What the rule found."""
    measure: str = ""
    """The command that would measure what is missing."""


@dataclass(frozen=True)
class Calibration:
    """What the harness itself costs: the null service, which computes nothing."""

    endpoint: str
    p50_s: Estimate
    ceiling: Estimate
    ceiling_concurrency: int
    client_cpu_share: float | None


@dataclass(frozen=True)
class Probe:
    """One open-loop window: its rate, and the objective's quantile of latency in seconds, from when requests were due.

    `latency_s` is None where requests failed. With a `problem` the window says nothing of the server.
    """

    rate: float
    round: int
    latency_s: float | None
    holds: bool
    requests: int
    errors: int
    problem: str = ""


@dataclass(frozen=True)
class Capacity:
    """The highest rate at which one endpoint holds the objective, in requests a second."""

    endpoint: str
    rate: Estimate
    side: Literal["between", "above", "below", "none"]
    """`between` a rate that held and one that did not; else the capacity is `above` or `below` all that was tried."""
    probes: tuple[Probe, ...]
    per_cpu_s: float | None
    """Requests per CPU second of the server, at rates near it."""
    per_gb: float | None
    """The rate per 10^9 bytes of the server's peak memory."""
    reason: str


@dataclass(frozen=True)
class Gap:
    """An open-loop point beside the closed-loop one of nearest throughput: how many times longer its latency is."""

    endpoint: str
    open: Point
    closed: Point
    p50: Estimate | None
    p99: Estimate | None


@dataclass(frozen=True)
class Encoded:
    """One endpoint in one encoding with the fewest callers; `payload` is empty for its own."""

    endpoint: str
    payload: str
    point: Point
    request_bytes: int | None
    encode_s: float | None
    """Median seconds that the client takes to encode one request."""
    faster: Estimate | None
    """How many times faster than the endpoint's own encoding, by p50."""


@dataclass(frozen=True)
class Other:
    """Another choice than the quickest endpoint, and what would have to be asked for it."""

    condition: str
    """`tail`, `throughput`, `cost`, `callers`, `arrivals` or `encoding`."""
    endpoint: str
    estimate: Estimate
    concurrency: int | None = None
    payload: str = ""


@dataclass(frozen=True)
class Change:
    """One variant at one number of callers. Ratios say how many times better the variant is than its base."""

    variant: Entry
    base: Entry | None
    point: Point
    faster: Estimate | None
    """By p50; None where either point does not count."""
    more: Estimate | None
    """By throughput."""
    outcome: Outcome
    """By throughput; `no interval` where there is no ratio."""

    @property
    def setting(self) -> str:
        """`workers` of `workers=2`."""
        return self.variant.result.variant.partition("=")[0]

    @property
    def value(self) -> str:
        """`2` of `workers=2`."""
        return self.variant.result.variant.partition("=")[2]


@dataclass(frozen=True)
class Place:
    """One endpoint's place among servers as they come, and its place with equal settings."""

    entry: Entry
    rank: int
    tied_above: bool
    tuned_rank: int | None


@dataclass(frozen=True)
class Sweeps:
    """Every change, in the run's order, and the ranking out of the box; both are empty without variants."""

    changes: tuple[Change, ...] = ()
    out_of_the_box: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """One run, compared. Entries are in rank order, then contenders without a rank, floors, null."""

    suite: Suite
    folder: str
    """The results folder's name, where the raw rows are."""
    concurrencies: tuple[int, ...]
    entries: tuple[Entry, ...]
    answers: tuple[Answer, ...]
    claims: tuple[Claim, ...]
    calibration: Calibration | None
    round_noise: float
    """Standard deviation of log p50 between rounds beyond what blocks explain."""
    stand_in: bool
    """The embedded model server stood in for TensorFlow Serving."""
    sweeps: Sweeps = field(default_factory=Sweeps)
    """What single settings change, and the ranking of servers as they come."""
    capacity: tuple[Capacity, ...] = ()
    """Highest first; empty without an open loop."""
    gaps: tuple[Gap, ...] = ()
    """What the closed loop leaves out."""
    payloads: tuple[Encoded, ...] = ()
    """Endpoints that were measured in more than one encoding."""
    choices: tuple[Other, ...] = ()
    """What would change the answer."""

    @property
    def partial(self) -> bool:
        """The run was interrupted, or is still going on."""
        return not self.suite.complete

    @property
    def points(self) -> tuple[Point, ...]:
        """Every point of a plain load of every entry."""
        return tuple(point for entry in self.entries for point in entry.points)

    @property
    def others(self) -> tuple[Point, ...]:
        """Every point of any other load."""
        return tuple(point for entry in self.entries for point in entry.others)

    @property
    def invalid(self) -> tuple[Point, ...]:
        """The points that do not count, in the entries' order."""
        return tuple(point for point in (*self.points, *self.others) if not point.valid)

    @property
    def unavailable(self) -> tuple[Entry, ...]:
        """The endpoints that could not run here."""
        return tuple(entry for entry in self.entries if entry.result.unavailable)

    def entry(self, name: str) -> Entry:
        """The entry of one endpoint; KeyError where there is none."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        raise KeyError(name)

"""What a comparison says, computed once and rendered many times. Base units: seconds, bytes, requests a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from serveoff.analyse.statistics.bootstrap import NOTHING, Estimate
from serveoff.analyse.statistics.few_repeats import Bounds, Spread, spread
from serveoff.analyse.verdict import Outcome, Role, Verdict
from serveoff.loadtests.loads import Load
from serveoff.record.cold_starts import ColdStart
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.suite import Suite

OUT_OF_THE_BOX: Final = "defaults"
"""The variant of a server as it comes: serveoff.measure.plan.variants."""


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
    p999_s: Estimate = NOTHING
    """The 99.9th percentile."""

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

    @property
    def first_answer_s(self) -> Spread | None:
        """Seconds of a cold start, over all of its deployment that were made with warm-up."""
        known = [s.first_answer_s for s in self.result.starts if s.warmup and s.first_answer_s is not None]
        return spread(known)

    def at(self, concurrency: int) -> Point | None:
        """The plain point at one concurrency."""
        return next((p for p in self.points if p.concurrency == concurrency), None)


@dataclass(frozen=True)
class Candidate:
    """A name with its figure: an endpoint, or for cold start a deployment, or for size a format."""

    name: str
    estimate: Estimate
    concurrency: int | None = None
    bounds: Bounds = "interval"
    """What the estimate's bounds are, where it has any: its 95% interval, or the mere range of a few repeats."""


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
    per_joule: float | None = None
    """Requests per joule of the GPUs, at rates near it; None where it does not compute on one, or none is metered."""


@dataclass(frozen=True)
class Ceiling:
    """What the load generator can drive in an open loop, by a search against the null service; requests a second."""

    capacity: Capacity
    """The highest rate at which the null service held the objective."""
    kept: float | None
    """The highest rate tried that held, below all at which the generator fell behind; None where none did."""
    behind: float | None
    """The lowest rate at which the generator fell behind its schedule; None where it never did."""


@dataclass(frozen=True)
class Calibration:
    """What the harness itself costs: the null service, which computes nothing."""

    endpoint: str
    p50_s: Estimate
    ceiling: Estimate
    ceiling_concurrency: int
    client_cpu_share: float | None
    open_loop: Ceiling | None = None
    """None where the run searched for no capacity."""


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
    encoding: str = ""
    """What it carries: `json`, `base64`, `raw`, `tensor`, `bytes` or `grpc_json`, the same word for every server."""
    encodes: int | None = None
    """How many requests were encoded for `encode_s`."""
    answer_bytes: int | None = None
    """Mean size of an answer's body."""
    than_json: Estimate | None = None
    """How many times faster than JSON at the same endpoint; None for JSON itself, and where it takes none."""
    decode_s: float | None = None
    """Mean seconds a request in which the server decoded image files, by its own signals; None where it says none."""
    decodes: int = 0
    """How many requests `decode_s` is of."""
    decode_rounds_s: tuple[float, ...] = ()
    """Where `decode_s` is a difference of two means: that of each round, the least first."""


@dataclass(frozen=True)
class EncodingCell:
    """One deployment and one encoding. `reason` says why it failed its gate."""

    deployment: str
    encoding: str
    state: Literal["measured", "not taken", "not measured", "failed"]
    encoded: Encoded | None = None
    reason: str = ""


@dataclass(frozen=True)
class EncodingPlace:
    """One endpoint's place, by p50 with the fewest callers, among endpoints in chosen encodings."""

    encoded: Encoded
    rank: int
    tied_above: bool
    """As in Entry: no clear difference from the one above."""


@dataclass(frozen=True)
class Encodings:
    """Every deployment in every encoding, and two rankings beside the main one; empty where no other was measured."""

    matrix: tuple[EncodingCell, ...] = ()
    """By deployment, then by encoding."""
    best: tuple[EncodingPlace, ...] = ()
    """Each endpoint in its best encoding: the clearly quickest, or else its own."""
    pairs: int = 0
    """How many pairs the intervals of `best` hold for together."""
    alike: tuple[tuple[EncodingPlace, ...], ...] = ()
    """For each encoding, the endpoints that were measured in it."""


@dataclass(frozen=True)
class Distribution:
    """How the latencies of one VALID point lie: every answered request of every round, nothing fitted. Seconds."""

    point: Point
    least_s: float
    p10_s: float
    most_s: float
    spectrum: tuple[tuple[float, float], ...]
    """Quantiles (0 to 1) with their latencies, from the median as far as the samples allow."""
    first_bin: int
    counts: tuple[int, ...]
    """Requests in each bin from `first_bin` on, of the grid of serveoff.analyse.studies.distributions."""


@dataclass(frozen=True)
class Stretch:
    """One visit to an endpoint: what its server used, in equal parts of the visit's time.

    Times are seconds: `start_s` since the run's first sample, the windows since the visit's.
    """

    round: int
    start_s: float
    duration_s: float
    cpu_share: tuple[float, ...]
    """Of all cores that the server could use: 1.0 is all of them."""
    memory_bytes: tuple[int, ...]
    """The most that was held in each part."""
    windows: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Timeline:
    """What one endpoint's server used over all its visits. Shares are of the cores that it could use."""

    endpoint: str
    cores: float
    mean_share: float | None
    """Over the windows."""
    peak_share: float
    """Over the busiest second."""
    peak_memory_bytes: int | None
    """In any window."""
    growth_bytes: int | None
    """Median memory in the last window of the load that was measured first, less that in its first; None: only one."""
    replaced: bool
    """Its CPU seconds fell from one visit to the next: a process had ended, so growth says nothing."""
    samples: int
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class Breakdown:
    """Where one endpoint's time goes with one caller: means in seconds a request. None: its server does not say.

    Parts sum to `whole_s`, the mean latency that the client measured, within `error_s`.
    """

    endpoint: str
    whole_s: float
    samples: int
    encode_s: float | None
    """What the client took to encode a request, before the clock started: in no latency, and in no sum."""
    floor_s: float | None
    """The mean of the same format called in process."""
    overhead_s: float | None = None
    """Outside the server's own clock: the wire, and the server before that starts and after it stops."""
    queue_s: float | None = None
    parse_s: float | None = None
    inference_s: float | None = None
    serialise_s: float | None = None
    rest_s: float = 0.0
    """Unattributed: the server's own clock has it, and none of its parts; or nothing is known of it."""
    parse_holds_serialise: bool = False
    """The server tells the two as one; `serialise_s` is None."""
    told: int = 0
    """How many requests the server's means are of, at least; 0: it says nothing."""
    error_s: float = 0.0
    """The server's requests are not quite the client's, and its figures are rounded: by so much the sum may be off."""
    beyond_s: float = 0.0
    """By how much the server's own times exceed what should hold them; above zero they are not to be believed."""

    @property
    def parts_s(self) -> dict[str, float]:
        """What is known, by part, the model first."""
        names = ("inference", "parse", "serialise", "queue", "rest", "overhead")
        values = {name: getattr(self, f"{name}_s") for name in names}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def sum_s(self) -> float:
        """The parts together."""
        return sum(self.parts_s.values())


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
class Started:
    """What several cold starts of one deployment say, all with warm-up calls or all without. Seconds."""

    first_answer_s: Spread
    ready_s: Spread | None
    create_s: float | None
    """Median seconds that its container took to be made, before they began; None for a process."""
    pieces: Mapping[str, float]
    """Mean seconds of each piece, in order; together, the mean of the first answers: studies.cold_start."""
    first_request_s: Spread | None
    """Latency of the very first request; None for a floor, which is sent none."""
    next_request_s: float | None
    """Median latency of the requests right after it."""
    penalty: Spread | None
    """The first request over the endpoint's p50 with one caller."""


@dataclass(frozen=True)
class ColdStarts:
    """Every cold start of one deployment."""

    entry: Entry
    """The endpoint that was asked first."""
    first: ColdStart
    warm: Started
    bare: Started | None
    """Without warm-up calls; None where there are none to leave away, or it was not measured."""
    problems: tuple[str, ...]
    """Why starts failed, one each."""
    has_warmup: bool
    """Its server wrote of warm-up calls when it started."""

    @property
    def repeated(self) -> bool:
        """It was started more than once."""
        return self.warm.first_answer_s.count > 1


@dataclass(frozen=True)
class MoreRounds:
    """What would probably decide one inconclusive answer."""

    objective: str
    winner: str
    runner_up: str
    difference: float
    """By how much the winner measured better: 0.02 is 2%."""
    rounds: int
    more: int | None
    """Rounds of the same length beside those measured; None: more than a run can have."""
    more_s: float | None
    tie: bool
    """More rounds would show that the two are the same within 3%, not which is better."""
    between_rounds: float
    """The share of the interval's variance that is between rounds, and that longer windows would not take away."""


@dataclass(frozen=True)
class MoreSamples:
    """What a withheld percentile needs: samples, and seconds of measuring at the point's own rate."""

    endpoint: str
    concurrency: int
    percentile: str
    samples: int
    needed: int
    more_s: float


@dataclass(frozen=True)
class MoreTime:
    """What more time would buy; empty where nothing is open."""

    rounds: tuple[MoreRounds, ...] = ()
    samples: tuple[MoreSamples, ...] = ()


@dataclass(frozen=True)
class Beside:
    """A summary that sets this run beside runs of other models, and the addresses of its page and its Markdown."""

    summary_id: str
    models: tuple[str, ...]
    page: str
    markdown: str


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
    cold_starts: tuple[ColdStarts, ...] = ()
    """Quickest first; no variants."""
    waterfall: tuple[Breakdown, ...] = ()
    """Where the time goes with one caller; empty where no server says."""
    choices: tuple[Other, ...] = ()
    """What would change the answer."""
    distributions: tuple[Distribution, ...] = ()
    """With the fewest and the most callers, and of open loops, in the entries' order."""
    timelines: tuple[Timeline, ...] = ()
    """In the entries' order; empty for a run that kept no samples of usage."""
    encodings: Encodings = field(default_factory=Encodings)
    """The matrix of payloads, and the rankings by them."""
    more_time: MoreTime = field(default_factory=MoreTime)
    """What more time would buy."""
    beside: tuple[Beside, ...] = ()
    """Newest first; who writes a report knows them, for the run does not."""

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

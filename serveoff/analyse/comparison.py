"""What a comparison says, computed once and rendered many times. Base units: seconds, bytes, requests a second."""

from dataclasses import dataclass, field
from typing import Annotated

from serveoff.analyse.claims.ruling import Claim
from serveoff.analyse.decision.decision import Decision
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.stored_once import ENTRY, SUITE, EndpointName
from serveoff.analyse.studies.attached import Attached
from serveoff.analyse.studies.by_round import ByRound
from serveoff.analyse.studies.capacity import Capacity
from serveoff.analyse.studies.ceiling import Ceiling
from serveoff.analyse.studies.cold_start import ColdStarts
from serveoff.analyse.studies.distributions import Distribution
from serveoff.analyse.studies.encodings import Encodings
from serveoff.analyse.studies.leaving import Leaving
from serveoff.analyse.studies.payloads import Encoded
from serveoff.analyse.studies.precision import Lower
from serveoff.analyse.studies.sweeps import Sweeps
from serveoff.analyse.studies.waterfall import Breakdown
from serveoff.record.suite import Suite


@dataclass(frozen=True)
class Calibration:
    """What the harness itself costs: the null service, which computes nothing."""

    endpoint: EndpointName
    p50_s: Estimate
    ceiling: Estimate
    ceiling_concurrency: int
    client_cpu_share: float | None
    open_loop: Ceiling | None = None
    """None where the run searched for no capacity."""


@dataclass(frozen=True)
class CrossModelLink:
    """A summary that sets this run beside runs of other models, and the addresses of its page and its Markdown."""

    summary_id: str
    models: tuple[str, ...]
    page: str
    markdown: str


@dataclass(frozen=True)
class Comparison:
    """One run, compared. Entries are in rank order, then contenders without a rank, stand-ins, floors, null."""

    suite: Annotated[Suite, SUITE]
    folder: str
    """The results folder's name, where the raw rows are."""
    concurrencies: tuple[int, ...]
    entries: tuple[Annotated[Entry, ENTRY], ...]
    claims: tuple[Claim, ...]
    calibration: Calibration | None
    resolution: dict[str, float]
    """By objective, the smallest difference that this run would have seen: serveoff.analyse.ranking.resolution."""
    start_effect: dict[str, float]
    """Standard deviation of log p50 between starts beyond what their slices explain, by server and framework, of the
    whole `run`, and of what `servers` do not have in common; empty where no deployment was started twice: intervals
    then hold the slices' error alone."""
    stand_in: bool
    """The embedded model server stood in for TensorFlow Serving."""
    sweeps: Sweeps = field(default_factory=Sweeps)
    """What single settings change, and the ranking of servers as they come."""
    capacity: tuple[Capacity, ...] = ()
    """Highest first; empty without an open loop."""
    payloads: tuple[Encoded, ...] = ()
    """Endpoints that were measured in more than one encoding."""
    cold_starts: tuple[ColdStarts, ...] = ()
    """Quickest first; no variants."""
    waterfall: tuple[Breakdown, ...] = ()
    """Where the time goes with one caller; empty where no server says."""
    decision: Decision = field(default_factory=Decision)
    """The recommendation, and what it rests on."""
    by_round: tuple[ByRound, ...] = ()
    """The contenders' p50 in every round, with the fewest callers."""
    distributions: tuple[Distribution, ...] = ()
    """With the fewest and the most callers, and of open loops, in the entries' order."""
    encodings: Encodings = field(default_factory=Encodings)
    """The matrix of payloads, and the rankings by them."""
    leaving: Leaving = field(default_factory=Leaving)
    """The ways out of TorchScript and TorchServe, where the run asked for any."""
    attached: Attached = field(default_factory=Attached)
    """The endpoints that already ran, against the first of them."""
    lower_precisions: tuple[Lower, ...] = ()
    """What was also measured in a lower precision, in the run's order."""
    beside: tuple[CrossModelLink, ...] = ()
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
    def cpu_known(self) -> bool:
        """Whether the CPU of any endpoint's server is known."""
        return any(entry.cpu_known for entry in self.entries)

    @property
    def others(self) -> tuple[Point, ...]:
        """Every point of any other load."""
        return tuple(point for entry in self.entries for point in entry.others)

    @property
    def invalid(self) -> tuple[Point, ...]:
        """The points that do not count, in the entries' order."""
        return tuple(point for point in (*self.points, *self.others) if not point.valid)

    @property
    def valid(self) -> int:
        """How many points count, of any load."""
        return sum(point.valid for point in (*self.points, *self.others))

    @property
    def unavailable(self) -> tuple[Entry, ...]:
        """The endpoints that could not run here."""
        return tuple(entry for entry in self.entries if entry.result.unavailable)

    def entry(self, name: str) -> Entry:
        """The entry of one endpoint; KeyError where there is none."""
        return {entry.name: entry for entry in self.entries}[name]

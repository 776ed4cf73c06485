"""One measured window, which load generators tell of and a run keeps."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from serveoff.loadtests.loads import Arrivals, Load
from serveoff.loadtests.problems import WindowProblem

BEYOND: Final = 2.0**53
"""No figure of a window is as large."""
Count = Annotated[int, Field(ge=0, lt=BEYOND)]
Amount = Annotated[float, Field(ge=0, lt=BEYOND)]
Change = Annotated[float, Field(gt=-BEYOND, lt=BEYOND)]
"""The difference of two readings, which may be coarse, or of two processes."""


class WorkerClock(BaseModel):
    """The clock of one of several load generators, by that of their master: both monotonic, in seconds."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    worker: str
    offset_s: Change
    """What it showed more, the difference of when the two machines began included; taken from its rows' instants."""
    bound_s: Amount
    """By how much that may be off, at most."""


class Window(BaseModel):
    """The counted part of one slice: one endpoint, one load, one round. Times are seconds since the epoch.

    `problems` are reasons, seen while measuring, why this window cannot be trusted (a killed server, say).
    """

    # Runs of before memory was PSS have other figures of it here.
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    concurrency: Count
    round: Count
    """From 1."""
    start_s: Amount
    duration_s: Amount
    """Open loop: how long it was open. Closed loop: the mean over callers of the time from their first counted
    request's start to their last one's end, so that requests over it are the rate, whatever lies at the edges."""
    endpoint: str = ""
    start: Count = 1
    """Which life of its server's process, from 1."""
    number: Count = 0
    """Of the slice in its run, from 1, in the order measured; its rows carry it."""
    lead_in_s: Amount = 0.0
    """How long the load ran before, uncounted."""
    served: Count | None = None
    """Answers that came between the two readings of the server's CPU: `server_cpu_s` is what these took."""
    arrivals: Arrivals = "closed"
    rate: Amount = 0.0
    payload: str = ""
    batch: Count = 1
    """With `concurrency`, these are its load: see serveoff.loadtests.loads.Load."""
    search: bool = False
    """A probe of the search for the capacity: its rate is this round's alone."""
    late_s: Amount | None = None
    """Open loop: by how much the generator itself was late, 99th percentile."""
    request_bytes: Count | None = None
    """Mean size of a request body."""
    encode_s: Amount | None = None
    """Median seconds that the client took to encode one; never part of a latency."""
    timed: Count = 0
    """Answers whose Server-Timing header was read; with one caller only."""
    timings_s: dict[str, Change] = {}
    """Means of the durations in these headers, by their names."""
    counters: dict[str, Change] = {}
    """By how much those of the server's own counters that record.counter_pages knows grew around the window."""
    encodes: Count | None = None
    """How many were encoded for that median."""
    requests: Count = 0
    errors: Count = 0
    answers_checked: Count = 0
    wrong_answers: Count = 0
    max_abs_error: float | None = None
    server_cpu_s: Change | None = None
    server_network_in_bytes: int | None = None
    server_network_out_bytes: int | None = None
    """Bytes over the container's interfaces in the window, protocol headers included; None for a process."""
    server_throttled_s: Change | None = None
    """Seconds in which the engine held the container back for having used up its CPU limit."""
    group_throttled_s: Change | None = None
    """Seconds in which a CPU limit held back the run's own control group: the load generator, and servers that are
    processes. None where it has no limit."""
    gpu_energy_j: Change | None = None
    """Joules that all GPUs of the machine used in the window, idle power included; None where nothing meters them."""
    client_cpu_s: Change | None = None
    client_spun_s: Amount = 0.0
    """CPU seconds that it spent on being punctual, besides: no work, and nobody else's."""
    """Of several load generators, that of the busiest."""
    workers: list[WorkerClock] = []
    """Those that drove it, where load came from several hosts."""
    others_cpu_s: Change | None = None
    """CPU seconds that the run's cores worked for others between the two readings, time stolen by the host included.
    Coarse: of one slice it may be below 0."""
    problems: list[WindowProblem] = []

    @property
    def clock_bound_s(self) -> float:
        """By how much the instants of two rows may be off, as far as they are of different hosts' clocks."""
        return max((worker.bound_s for worker in self.workers), default=0.0)

    @property
    def load(self) -> Load:
        """What was asked of the endpoint."""
        return Load(self.concurrency, self.arrivals, self.rate, self.payload, self.batch)

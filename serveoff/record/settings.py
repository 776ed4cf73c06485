"""The settings of a run: one object, from the command line to `run.json`."""

from typing import Annotated, Final, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from serveoff.loadtests.loads import OPEN_LOOP_CONNECTIONS
from serveoff.record.attached import AttachedEndpoint
from serveoff.record.base import Record

LEAST_REQUEST_THREADS: Final = 64
MOST_SEED: Final = 2**32 - 1
"""Every generator of random numbers takes as much, and so does JSON, whoever reads it."""


class RunSettings(Record):
    """What one run was asked to do, equal for all endpoints: a profile, and what the command line says otherwise.

    Durations are seconds, of each slice.
    """

    model: str
    profile: str
    runtime: Literal["local", "docker"]
    endpoints: list[str]
    concurrencies: Annotated[list[PositiveInt], Field(min_length=1)]
    minutes: PositiveFloat | None = None
    """The time that the run may take, starts of servers included; None: as long as `rounds` take."""
    slice_s: PositiveFloat
    """What counts of a slice, at least; of a slow endpoint it is longer."""
    lead_in_s: NonNegativeFloat
    """What is discarded of it, at least."""
    warmup_s: NonNegativeFloat
    """Of every endpoint, after each start of its server."""
    rounds: PositiveInt | None = None
    """How many in all; None: as many as the minutes allow."""
    starts: PositiveInt = 1
    """Lives of the process of every contender."""
    race_starts: PositiveInt = 1
    """Of those that are still in the race at the end, at most: as many as a share of the time is enough for."""
    race: bool = False
    """Endpoints that are out of every race stop taking rounds, and the run ends once all is decided."""
    open_shares: list[PositiveFloat] = []
    """Rates of the open loop, as shares of an endpoint's best closed-loop throughput."""
    batches: list[PositiveInt] = []
    """Input rows a request, of the slices of batches."""
    payloads: bool = False
    """Also the other encodings that each endpoint takes."""
    objective_quantile: Annotated[float, Field(gt=0, lt=1)] = 0.99
    objective_bound_s: PositiveFloat = 0.01
    """What a deployment must hold at its capacity: this quantile of latency within this bound, and no errors."""
    probes: NonNegativeInt = 0
    """Slices of one search for the highest rate that holds the objective; 0: no search."""
    seed: Annotated[int, Field(ge=0, le=MOST_SEED)]
    server_cpus: list[NonNegativeInt]
    client_cpus: list[NonNegativeInt]
    intra_op_threads: PositiveInt = 1
    workers: PositiveInt = 1
    threads_per_worker: PositiveInt = 1
    batch_size: PositiveInt = 1
    batch_delay_ms: NonNegativeInt = 0
    bare_starts: NonNegativeInt = 0
    """Further starts of every contender without the model's warm-up calls, timed and not measured."""
    extra: list[str] = []
    """Formats that are measured because they were asked for."""
    vary: list[str] = []
    """Variants of deployments, as serveoff.measure.plan.variants reads them."""
    device: str = "cpu"
    load_from: Literal["host", "container"] = "host"
    """Where Locust ran: a process of this machine, or a container on the servers' own network."""
    expect_workers: NonNegativeInt = 0
    """Load workers on other hosts, which Locust's master waited for; 0: load came from one process of this machine."""
    master_bind_host: str = "127.0.0.1"
    master_bind_port: Annotated[int, Field(ge=1, le=65535)] = 5557
    """Where the master listened for them."""
    server_host: str = "127.0.0.1"
    """The address that local servers listened on."""
    together: bool = False
    """True where all deployments were up and awake at once; else one at a time, the others frozen."""
    attached: list[AttachedEndpoint] = []
    """Endpoints that already run, in the order given: the first one is what the others are held against."""
    samples: str = ""
    """The file of what is sent to these; empty: the model's golden inputs."""
    samples_sha256: str = ""
    fail_if_slower: PositiveFloat | None = None
    """By which share another attached endpoint may be slower than the first, or the command fails."""

    @property
    def margin(self) -> float:
        """The difference, as a share, that its gate allows; 0 without a gate."""
        return self.fail_if_slower or 0.0

    @property
    def opens(self) -> bool:
        """Whether anything is asked in an open loop."""
        return bool(self.open_shares) or self.probes > 0

    @property
    def request_threads(self) -> int:
        """How many calls TensorFlow Serving takes at once: more than this run sends, for it refuses the others."""
        at_once = max(self.concurrencies, default=1)
        return max(LEAST_REQUEST_THREADS, 2 * at_once, OPEN_LOOP_CONNECTIONS + at_once if self.opens else 0)

    @property
    def of_servers(self) -> dict[str, str]:
        """What every server is given alike, by the names of docker-compose.yml's variables."""
        return {
            "MODEL": self.model,
            "DEVICE": self.device,
            "INTRA_OP_THREADS": str(self.intra_op_threads),
            "WORKERS": str(self.workers),
            "THREADS_PER_WORKER": str(self.threads_per_worker),
            "REQUEST_THREADS": str(self.request_threads),
            "BATCH_SIZE": str(self.batch_size),
            "BATCH_DELAY_MS": str(self.batch_delay_ms),
            "PRECISION": "",
            "WARMUP": "1",
            "OUT_OF_THE_BOX": "0",
        }

"""The results of one run: a versioned JSON suite beside raw rows in Parquet. Statistics are computed on read.

results/<run id>/
    run.json                        the suite, rewritten atomically after every visit
    rows/<endpoint>--r<round>.parquet   one row per request (columns: serveoff.loadtests.recording.records.COLUMNS)
    usage/<endpoint>--r<round>.parquet  what its server used, ten samples a second (columns:
    serveoff.record.usage.COLUMNS) logs/<deployment>.log           what the server printed
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from serveoff.loadtests.loads import Arrivals, Load
from serveoff.loadtests.recording.atomic_write import written_whole

SCHEMA_VERSION: Literal[2] = 2
SUITE_NAME = "run.json"
FIRST_LOOK = 2
"""The round after which a run may first be clear: one round alone says nothing of the rounds' disagreement."""


class ResultsError(Exception):
    """A results folder is missing or cannot be read; the message names it and the next action."""


class Record(BaseModel):
    """Base of all records: unknown fields are an error, so that a typo cannot pass for data."""

    model_config = ConfigDict(extra="forbid")


class Machine(Record):
    """Where the run took place. `id` is a short digest of the hardware and kernel; no host name is kept."""

    id: str
    cpu_model: str
    cores: int
    memory_bytes: int
    system: str
    accelerators: list[str] = []


class Environment(Record):
    """Machine, package versions, and the commit of the code that measured."""

    machine: Machine
    versions: dict[str, str]
    engine: str | None = None
    """The container engine and Compose that ran the deployments; None for processes."""
    git_commit: str | None = None
    git_dirty: bool = False


class RunSettings(Record):
    """Everything that was asked for, equal for all endpoints."""

    model: str
    profile: str
    runtime: Literal["local", "docker"]
    endpoints: list[str]
    concurrencies: list[int]
    window_s: float
    warmup_s: float
    first_warmup_s: float | None = None
    """Warm-up of the first visit of a server's process; None: as long as any other."""
    rounds: int
    open_shares: list[float] = []
    """Rates of open-loop windows, as shares of an endpoint's best closed-loop throughput in the first round."""
    batches: list[int] = []
    """Input rows a request, of the windows of batches."""
    payloads: bool = False
    """Also the other encodings that each endpoint takes."""
    objective_quantile: float = 0.99
    objective_bound_s: float = 0.01
    """What a deployment must hold at its capacity: this quantile of latency within this bound, and no errors."""
    probes: int = 0
    """Windows of one search for the highest rate that holds the objective, in each round; 0: no search."""
    seed: int
    server_cpus: list[int]
    client_cpus: list[int]
    intra_op_threads: int = 1
    workers: int = 1
    threads_per_worker: int = 1
    batch_size: int = 1
    batch_delay_ms: int = 0
    cold_starts: int = 1
    """Starts of every deployment that may rank."""
    cold_without_warmup: bool = False
    """Also starts without the warm-up calls, one for every two with them."""
    vary: list[str] = []
    """Variants of deployments, as serveoff.measure.plan.variants reads them."""
    device: str = "cpu"
    load_from: Literal["host", "container"] = "host"
    """Where Locust ran: a process of this machine, or a container on the servers' own network."""
    load_workers: int = 0
    """Load generators of a distributed test; 0: one process does it all."""
    together: bool = False
    """True where all deployments were up and awake at once; else one at a time, the others frozen."""
    until_clear: bool = False
    """The run may end after the second round or a later one: serveoff.measure.early_stopping."""

    @property
    def looks(self) -> int:
        """How often the answers may be looked at, the last time included; 1: at the end only."""
        return max(1, self.rounds + 1 - FIRST_LOOK) if self.until_clear else 1

    @property
    def of_servers(self) -> dict[str, str]:
        """What every server is given alike, by the names of docker-compose.yml's variables."""
        return {
            "MODEL": self.model,
            "DEVICE": self.device,
            "INTRA_OP_THREADS": str(self.intra_op_threads),
            "WORKERS": str(self.workers),
            "THREADS_PER_WORKER": str(self.threads_per_worker),
            "BATCH_SIZE": str(self.batch_size),
            "BATCH_DELAY_MS": str(self.batch_delay_ms),
            "WARMUP": "1",
        }


class ColdStart(Record):
    """Seconds since the spawn of the server's process, nothing else awake. None: that phase was not reached.

    In a container the spawn is the engine's start of it. What comes before is apart: `create_s` of making the
    container (image, file system, network; the Compose command included), and `start_s`, the part of the seconds
    below that the engine took before the process ran.
    """

    warmup: bool = True
    """False: the model's warm-up calls were left to the first requests (SERVING_WARMUP=0)."""
    order: int | None = None
    """Its place among all starts of the run: what the first reads from disk, later ones may find in the page cache."""

    create_s: float | None = None
    start_s: float | None = None
    port_open_s: float | None = None
    ready_s: float | None = None
    first_answer_s: float | None = None
    phases: dict[str, float] = {}
    """What the server wrote of its own start (services/phases.py), in seconds since its process started; of several
    workers, the first. Empty for a server that writes none."""
    protocol: str = ""
    """Over which protocol it was asked first."""
    first_request_s: float | None = None
    """Latency of the very first request, on a connection that was open before."""
    next_requests_s: list[float] = []
    """Latencies of the requests right after it, one at a time on the same connection."""
    problem: str = ""
    """Why it came to no first answer."""


class Container(Record):
    """One deployment's container: what the engine says of it, and what was read from inside it while it ran.

    `image_digest` names the image's content. `cpus`, `memory_limit_bytes` and the rest are seen by its first process;
    `problems` are differences from what was asked for, each of which makes its points INVALID.
    """

    image: str
    image_digest: str
    image_bytes: int
    cpus: list[int]
    cpu_limit: float | None = None
    """CPU seconds a second, at most; None: as many as it has cores."""
    memory_limit_bytes: int | None = None
    user_id: int
    capabilities: int
    """The bounding set as a bit mask: 0 where all are dropped."""
    no_new_privileges: bool
    read_only_root: bool
    versions: dict[str, str] = {}
    """Python and the packages inside; empty where there is no Python."""
    problems: list[str] = []


class Resources(Record):
    """What a server had, seen inside each of its processes once it was ready and at rest (resource_audit).

    `problems` are differences from what the run asked for, each of which makes its points INVALID. None: not known, or
    for `memory_limit_bytes` no limit.
    """

    cpus: list[int] = []
    """Cores that any thread of any of its processes may run on."""
    processes: int | None = None
    os_threads: int | None = None
    os_threads_at_end: int | None = None
    """After the last round: threads may come with requests."""
    memory_limit_bytes: int | None = None
    """The smaller of its control group's limit and its processes' RLIMIT_AS."""
    resident_bytes: int | None = None
    """The sum of its processes' resident sets."""
    workers: int | None = None
    threads_per_worker: int | None = None
    """Of a server that has no workers to tell of: all its threads that compute."""
    intra_op_threads: int | None = None
    """As the framework says in the worker; 0: as many as it chooses."""
    batch_size: int | None = None
    batch_delay_ms: int | None = None
    """The last five are the server's own word."""
    asked: dict[str, int] = {}
    """What it was asked to be, by those five names; empty for a server as it comes, which was asked for nothing."""
    problems: list[str] = []


class Gate(Record):
    """The agreement gate: live answers against the golden outputs, before anything is timed."""

    passed: bool
    checked: int
    max_abs_error: float | None
    """Largest error of any output; None where an answer was no number, or could not be compared."""
    worst_share: float | None = None
    """Largest error as a share of what serveoff.models.agreement allows there: above 1 it is wrong. None: not finite,
    or a run of before it was recorded, in which the absolute error decided."""
    top1_agreement: float | None
    """Share of inputs with the same most probable class; None where no output tells classes apart."""
    answer_s: float | None = None
    """Mean seconds of an answer, asked for one at a time; None: not recorded."""
    reason: str = ""


class LayerProbe(Record):
    """One endpoint, asked for the output of one layer of its model after all that was timed.

    `refused`: it says why it cannot; `failed`: it gave no proper answer; `not asked`: its protocol cannot name a layer,
    or the model names none.
    """

    layer: str
    """Empty where the model names none."""
    outcome: Literal["answered", "refused", "failed", "not asked"]
    reason: str = ""
    shape: list[int] = []
    values: list[float] = []
    """The first of the layer's values for the first golden input."""
    with_layer_s: list[float] = []
    without_s: list[float] = []
    """Latencies of requests for that input, in turns: for the layer, and for the final outputs."""


class Replication(Record):
    """What docker-compose.yml takes to run one more replica of a deployment.

    `by_setting`: a setting says how many; else it is one more service.
    """

    by_setting: bool
    lines: int
    """Lines of the file that change, or that the other service has."""


class Window(Record):
    """One measured window: one endpoint, one load, one round. Times are seconds since the epoch.

    `problems` are reasons, seen while measuring, why this window cannot be trusted (a killed server, say).
    """

    concurrency: int
    round: int
    start_s: float
    duration_s: float
    rows: str
    """The Parquet file of its rows, relative to the results folder; they carry this round and number."""
    number: int = 0
    arrivals: Arrivals = "closed"
    rate: float = 0.0
    payload: str = ""
    batch: int = 1
    """With `concurrency`, these are its load: see serveoff.loadtests.loads.Load."""
    search: bool = False
    """A probe of the search for the capacity: its rate is this round's alone."""
    late_s: float | None = None
    """Open loop: by how much the generator itself was late, 99th percentile."""
    request_bytes: int | None = None
    """Mean size of a request body."""
    encode_s: float | None = None
    """Median seconds that the client took to encode one; never part of a latency."""
    timed: int = 0
    """Answers whose Server-Timing header was read; with one caller only."""
    timings_s: dict[str, float] = {}
    """Means of the durations in these headers, by their names."""
    counters: dict[str, float] = {}
    """By how much those of the server's own counters that analyse.server_signals knows grew around the window."""
    encodes: int | None = None
    """How many were encoded for that median."""
    requests: int
    errors: int
    answers_checked: int
    wrong_answers: int
    max_abs_error: float | None = None
    server_cpu_s: float | None = None
    server_peak_memory_bytes: int | None = None
    """Largest memory sampled in the window: resident set sizes of the process tree, or the container's working set."""
    server_network_in_bytes: int | None = None
    server_network_out_bytes: int | None = None
    """Bytes over the container's interfaces in the window, protocol headers included; None for a process."""
    server_throttled_s: float | None = None
    """Seconds in which the engine held the container back for having used up its CPU limit."""
    gpu_energy_j: float | None = None
    """Joules that all GPUs of the machine used in the window, idle power included; None where nothing meters them."""
    client_cpu_s: float | None = None
    client_peak_memory_bytes: int | None = None
    problems: list[str] = []

    @property
    def load(self) -> Load:
        """What was asked of the endpoint."""
        return Load(self.concurrency, self.arrivals, self.rate, self.payload, self.batch)


class EndpointResult(Record):
    """All that was measured of one endpoint, or why it could not be measured (`unavailable`)."""

    endpoint: str
    deployment: str
    server: str
    format: str
    protocol: str
    variant: str = ""
    """The setting in which it differs from `base`, `workers=2`; empty for what the run compares."""
    base: str = ""
    """The endpoint that it is a variant of."""
    payload: str
    """What a request carries: `json`, `tensor` or `bytes`, or `array` (in process, nothing encoded)."""
    encodings: dict[str, str] = {}
    """Every encoding that it takes, by the name of its module, empty for its own: what a request of it carries.
    Empty in a run that did not record them."""
    taken: list[str] = []
    """What requests to its deployment may carry, over all its protocols; empty in a run that did not record it."""
    encoding_gates: dict[str, Gate] = {}
    """The agreement gate of each encoding besides its own; one that failed is not measured."""
    left_out: dict[str, str] = {}
    """Loads that are not asked of it, as text (serveoff.loadtests.loads), each with the reason."""
    request_bytes: int | None = None
    artifact_sha256: str | None = None
    artifact_bytes: int | None = None
    device: str | None = None
    """Where the model truly computed, as its server says: `cpu`, `cuda:0`; None: it does not say."""
    container: Container | None = None
    resources: Resources | None = None
    unavailable: str = ""
    note: str = ""
    cold_start: ColdStart | None = None
    """The first one."""
    cold_starts: list[ColdStart] = []
    """All of its deployment, the first one included, in the order in which they were made."""
    gate: Gate | None = None
    windows: list[Window] = []
    layers: LayerProbe | None = None
    replication: Replication | None = None

    @property
    def starts(self) -> list[ColdStart]:
        """Every cold start that was recorded; runs of before there were repeats have the first one only."""
        return self.cold_starts or ([self.cold_start] if self.cold_start else [])


class Suite(Record):
    """One run."""

    schema_version: Literal[2] = SCHEMA_VERSION
    run_id: str
    started_at: str
    finished_at: str | None = None
    complete: bool = False
    stopped_early: str = ""
    """Why the run is complete before its last round: `after round 2 of 3: ...`."""
    stopped_after: int | None = None
    """The last round of a run that stopped early."""
    wall_s: float | None = None
    warmed_s: float | None = None
    """Seconds of warm-up of all visits; None in runs made before it was recorded."""
    model_accuracy: float | None = None
    model_quality: str = ""
    """How good the model is, in words; empty in a run that did not record it."""
    model_source: str = ""
    """`zoo`, or the kind of file that it was imported from; empty in a run that did not record it."""
    model_parameters: int | None = None
    settings: RunSettings
    environment: Environment
    endpoints: list[EndpointResult] = Field(default_factory=list)

    @property
    def rounds(self) -> int:
        """How many rounds a complete run of this kind has: all that were asked for, or those until it was clear."""
        return self.stopped_after or self.settings.rounds

    def endpoint(self, name: str) -> EndpointResult | None:
        """The result of one endpoint, if it is in this run."""
        return next((e for e in self.endpoints if e.endpoint == name), None)


def results_root() -> Path:
    """The folder of all runs: `$SERVEOFF_RESULTS`, or `results/` in the working folder."""
    return Path(os.environ.get("SERVEOFF_RESULTS") or "results")


def save_suite(folder: Path, suite: Suite) -> None:
    """Write `run.json` so that a reader, or a crash, never sees half of it."""
    with written_whole(folder / SUITE_NAME) as file:
        file.write_text(suite.model_dump_json(indent=1))


def load_suite(folder: Path) -> Suite:
    """Read `run.json`; ResultsError where there is none or it is of another version."""
    path = folder / SUITE_NAME
    try:
        return Suite.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ResultsError(f"no run at {folder}: `serveoff runs` lists those there are") from None
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] == ("schema_version",):
            said = f"is of version {first['input']!r}, and this serveoff reads version {SCHEMA_VERSION}"
            raise ResultsError(f"{path} {said}: measure again") from None
        raise unreadable(path, error) from None


def unreadable(path: Path, error: ValidationError) -> ResultsError:
    """What to say of a file of results: the first place that is not as it should be, and how."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return ResultsError(f"{path} cannot be read{f' at {where}' if where else ''}: {first['msg']}")

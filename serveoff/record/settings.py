"""The settings of a run: one object, from the command line to `run.json`."""

from __future__ import annotations

from typing import Literal

from serveoff.record.base import Record

FIRST_LOOK = 2
"""The round after which a run may first be clear: one round alone says nothing of the rounds' disagreement."""


FLOOR_WINDOW_SHARE = 0.5
CALL_WINDOW_S = 1.2
"""At least: Keras's `predict` takes 40 ms and more a call, and a point needs 36 of them over all rounds."""
SIDE_WINDOW_SHARE = 0.5


class RunSettings(Record):
    """What one run was asked to do, equal for all endpoints: a profile, and what the command line says otherwise.

    Durations are seconds, of each window or visit.
    """

    model: str
    profile: str
    runtime: Literal["local", "docker"]
    endpoints: list[str]
    concurrencies: list[int]
    window_s: float
    warmup_s: float
    first_warmup_s: float | None = None
    """Warm-up of the first visit of a server's process; None: as long as any other (runs of before there was one)."""
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
    """The run may end after the second round or a later one: serveoff.analyse.early_stopping."""

    @property
    def longest_warmup_s(self) -> float:
        """Warm-up of a server that has not been visited yet."""
        return self.warmup_s if self.first_warmup_s is None else self.first_warmup_s

    @property
    def starts_without_warmup(self) -> int:
        """How many a deployment that has a warm-up gets."""
        return self.cold_starts // 2 if self.cold_without_warmup else 0

    @property
    def opens(self) -> bool:
        """Whether anything is asked in an open loop."""
        return bool(self.open_shares) or self.probes > 0

    @property
    def side_window_s(self) -> float:
        """Batches, other encodings, variants and probes are set against plain windows, and get less time each."""
        return max(self.window_s * SIDE_WINDOW_SHARE, 0.5)

    @property
    def floor_window_s(self) -> float:
        """A floor has one caller and no noise of a network: a shorter window gives as many samples."""
        return max(self.window_s * FLOOR_WINDOW_SHARE, 0.5)

    @property
    def floor_side_window_s(self) -> float:
        """Batches of a floor."""
        return max(self.floor_window_s * SIDE_WINDOW_SHARE, 0.5)

    @property
    def call_window_s(self) -> float:
        """Another way to call a floor's model."""
        return max(self.floor_side_window_s, CALL_WINDOW_S)

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

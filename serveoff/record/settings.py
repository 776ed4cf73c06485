"""The settings of a run: one object, from the command line to `run.json`."""

from __future__ import annotations

from typing import Literal

from serveoff.record.base import Record

FIRST_LOOK = 2
"""The round after which a run may first be clear: one round alone says nothing of the rounds' disagreement."""


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

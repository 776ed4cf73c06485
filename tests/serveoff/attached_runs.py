"""Runs of endpoints that already run, as `serveoff run prod=http://...` writes them: only their answers are known."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from serveoff.loadtests.recording.windows import Window
from serveoff.record.attached import ATTACHED, AttachedEndpoint
from serveoff.record.endpoint_results import EndpointResult, Gate
from serveoff.record.environment import Environment, Machine
from serveoff.record.problems import GateCode, Problem, RequestCode
from serveoff.record.settings import RunSettings
from serveoff.record.suite import Suite, load_suite
from tests.serveoff.synthetic import EPOCH_S, Scenario, window_rows
from tests.serveoff.written_runs import add_rows, save_run, table_of

DISAGREES: Final = "8 of 64 samples are answered otherwise; sample 17: off by 0.29 (29,000 times what is allowed)"
STOPPED: Final = Problem(
    code=RequestCode.LEFT_ALONE,
    text="left alone amid the run: 8 of 300 requests failed",
    advice="see its log; --max-rate N asks it less",
)
HOSTILE: Final = "sample 0: HTTP 401: <script>alert(1)</script>|`*_[a](http://example.org)\x1b[31m"
"""As a server may put it."""
SCENARIO: Final = Scenario(slice_s=0.4, rounds=20, starts=1, concurrencies=(1, 4), round_drift=0.004)


@dataclass(frozen=True)
class Attached:
    """One endpoint as it truly is, and what became of it in the run."""

    name: str
    p50_s: float
    """Of its service time, one worker."""
    url: str = "http://10.0.0.7:8501/v1/models/m"
    dialect: str = "tfserving"
    equal: float = 1.0
    """Share of the samples that it answers as the reference does."""
    refuses: str = ""
    """What it says instead of an answer."""
    errors: float = 0.0
    """Share of the requests that fail with most callers."""
    stopped: bool = False
    """It was left alone after half of the rounds."""
    seen: bool = False
    """Its process is one of this machine: CPU and memory are known."""
    golden: bool = False
    """Golden answers were given, so that no endpoint is the reference."""
    max_rate: float | None = None


PROD = Attached("prod", 0.0020)
CANARY = Attached("canary", 0.00216, url="http://10.0.0.8:8501/v1/models/m")


def write_attached(
    folder: Path,
    *endpoints: Attached,
    scenario: Scenario = SCENARIO,
    fail_if_slower: float | None = None,
    complete: bool = True,
    timed: bool = True,
) -> Path:
    """Write the run and return its folder: the first endpoint is what the others are held against.

    It is not `timed` where none of the others can be.
    """
    rng = np.random.default_rng(scenario.seed)
    results = [_result(attached, place) for place, attached in enumerate(endpoints)]
    shutil.rmtree(folder, ignore_errors=True)
    if timed:
        add_rows(folder, list(_rounds(endpoints, results, scenario, rng)))
    folder.mkdir(parents=True, exist_ok=True)
    save_run(folder, _suite(folder.name, endpoints, results, scenario, fail_if_slower, complete))
    return folder


def _result(attached: Attached, place: int) -> EndpointResult:
    agrees = attached.equal == 1.0
    refused = Problem(code=GateCode.NO_ANSWER, text=attached.refuses)
    gate = Gate(passed=False, checked=0, max_abs_error=None, top1_agreement=None, problem=refused)
    gate = (
        gate
        if attached.refuses
        else Gate(
            passed=agrees,
            checked=64,
            max_abs_error=3e-7 if agrees else 0.29,
            worst_share=0.03 if agrees else 29_000.0,
            top1_agreement=None,
            equal=attached.equal,
            worst_input=4 if agrees else 17,
            problem=None if agrees else Problem(code=GateCode.WRONG_ANSWER, text=DISAGREES),
        )
    )
    return EndpointResult(
        endpoint=attached.name,
        deployment=attached.name,
        server=ATTACHED,
        format="",
        protocol="grpc" if attached.dialect.startswith("grpc") else "rest",
        payload="tensor" if attached.dialect.startswith("grpc") else "json",
        request_bytes=16_884,
        address=attached.url.split("/")[2],
        place=place,
        reference=place == 0 and not attached.golden,
        gate=gate,
        stopped=STOPPED if attached.stopped else None,
        memory_bytes=312_000_000 if attached.seen else None,
    )


def _rounds(
    endpoints: Sequence[Attached], results: Sequence[EndpointResult], scenario: Scenario, rng: np.random.Generator
) -> Sequence[pa.Table]:
    tables, number, clock_s = [], 0, EPOCH_S
    for round_ in range(1, scenario.rounds + 1):
        for attached, result in zip(endpoints, results, strict=True):
            if not result.gate.passed or (attached.stopped and round_ > scenario.rounds // 2):
                continue
            pace_s = attached.p50_s * float(np.exp(scenario.round_drift * rng.normal()))
            for concurrency in scenario.concurrencies:
                number, clock_s = number + 1, clock_s + scenario.slice_s + 0.03
                window = Window(
                    concurrency=concurrency,
                    round=round_,
                    number=number,
                    endpoint=attached.name,
                    start_s=clock_s,
                    duration_s=scenario.slice_s,
                    lead_in_s=0.03,
                )
                failing = attached.errors if concurrency == scenario.concurrencies[-1] else 0.0
                tables.append(_slice(window, pace_s, failing, rng))
                result.windows.append(_described(window, attached, scenario))
    return tables


def _slice(window: Window, pace_s: float, failing: float, rng: np.random.Generator) -> pa.Table:
    latency_s, end_s = window_rows(pace_s, window.concurrency, window.duration_s, rng)
    status = np.where(rng.random(latency_s.size) < failing, 503, 200)
    window.requests, window.errors = latency_s.size, int((status != 200).sum())
    window.served = window.requests - window.errors
    begins_s = window.start_s + end_s - latency_s
    return table_of(window, begins_s, begins_s, latency_s, status)


def _described(window: Window, attached: Attached, scenario: Scenario) -> Window:
    noted = {
        "answers_checked": window.served,
        "max_abs_error": 3e-7,
        "server_cpu_s": 0.86 * scenario.slice_s if attached.seen else None,
        "client_cpu_s": 0.2 * scenario.slice_s,
    }
    return window.model_copy(update=noted)


def _suite(
    run_id: str,
    endpoints: Sequence[Attached],
    results: list[EndpointResult],
    scenario: Scenario,
    fail_if_slower: float | None,
    complete: bool,
) -> Suite:
    settings = RunSettings(
        model="questions",
        profile="quick",
        runtime="local",
        endpoints=[attached.name for attached in endpoints],
        concurrencies=list(scenario.concurrencies),
        slice_s=scenario.slice_s,
        lead_in_s=0.03,
        warmup_s=0.5,
        rounds=scenario.rounds,
        starts=scenario.starts,
        seed=scenario.seed,
        server_cpus=[],
        client_cpus=[1],
        together=True,
        attached=[_settings_of(attached) for attached in endpoints],
        samples="" if endpoints[0].golden else "/data/questions.jsonl",
        fail_if_slower=fail_if_slower,
    )
    return Suite(
        run_id=run_id,
        started_at="2026-01-02T03:04:05+00:00",
        finished_at="2026-01-02T03:09:12+00:00" if complete else None,
        complete=complete,
        wall_s=307.0,
        model_source=ATTACHED if not endpoints[0].golden else "zoo",
        settings=settings,
        environment=Environment(
            machine=Machine(
                id="a1b2c3d4",
                cpu_model="Example CPU @ 2.60GHz",
                cores=2,
                memory_bytes=8 * 2**30,
                system="Linux 6.1",
            ),
            versions={"python": "3.11.9"},
            git_commit="0123456789abcdef0123456789abcdef01234567",
        ),
        endpoints=results,
    )


def _settings_of(attached: Attached) -> AttachedEndpoint:
    return AttachedEndpoint(
        name=attached.name,
        url=attached.url,
        dialect=attached.dialect,
        pid=4321 if attached.seen else None,
        max_rate=attached.max_rate,
        guarded=True,
    )


BLUE: Final = replace(PROD, name="blue", p50_s=0.0017, url="grpc://blue.example:8500/m", dialect="grpc_tfserving")
GREEN: Final = replace(CANARY, name="green", stopped=True)
RED: Final = replace(CANARY, name="red", equal=0.875)
RUNS: Final[Mapping[str, tuple[Sequence[Attached], dict[str, Any]]]] = {
    "slower": ((PROD, CANARY), {"fail_if_slower": 0.05}),
    "several": ((PROD, CANARY, BLUE, GREEN, RED), {"fail_if_slower": 0.05}),
    "allowed": ((PROD, CANARY), {"fail_if_slower": 0.25}),
    "unsure": ((PROD, CANARY), {"fail_if_slower": 0.08, "scenario": replace(SCENARIO, rounds=5, round_drift=0.06)}),
    "failing": ((PROD, replace(CANARY, errors=0.05)), {"fail_if_slower": 0.25}),
    "held": ((replace(PROD, max_rate=400.0), replace(CANARY, max_rate=400.0)), {"fail_if_slower": 0.25}),
    "stopped": ((replace(PROD, stopped=True), CANARY), {"fail_if_slower": 0.05}),
    "alone": ((PROD,), {}),
    "refused": ((PROD, replace(CANARY, refuses=HOSTILE)), {"fail_if_slower": 0.05}),
    "idle": ((PROD, RED), {"fail_if_slower": 0.05, "timed": False}),
    "restless": ((replace(PROD, equal=0.5), replace(CANARY, refuses="nothing to compare its answers with")), {}),
    "seen": ((replace(PROD, seen=True, golden=True), replace(CANARY, golden=True)), {}),
}


def attach_one(folder: Path, endpoint: str, name: str) -> Path:
    """Of a run of deployments of ours: let one of its endpoints be one that already ran."""
    suite = load_suite(folder)
    result = next(found for found in suite.endpoints if found.endpoint == endpoint)
    attached = Attached(name, 0.0)
    kept = result.model_dump(include={"protocol", "payload", "request_bytes", "gate", "windows"})
    changed = EndpointResult(
        **kept, endpoint=name, deployment=name, server=ATTACHED, format="", address="10.0.0.7:8501"
    )
    for window in changed.windows:
        window.server_cpu_s = None
    suite.endpoints[suite.endpoints.index(result)] = changed
    suite.settings.attached = [_settings_of(attached)]
    suite.settings.endpoints = [found.endpoint for found in suite.endpoints]
    save_run(folder, suite)
    return folder

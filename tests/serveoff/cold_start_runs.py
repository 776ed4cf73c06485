"""Add to a synthetic run: the repeats of cold starts, with warm-up calls and without, of known pieces."""

from pathlib import Path

from serveoff.measure.cold_start import next_order
from serveoff.record.cold_starts import ColdStart
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.problems import StartCode
from serveoff.record.suite import load_suite
from tests.serveoff.problems import problem
from tests.serveoff.written_runs import save_run

FIRST_REQUEST_S, UNWARMED_REQUEST_S = 0.002, 0.240
WARM_UP_S, REST_S = 0.100, 0.050
SHARES = {"worker": 0.3, "imported": 0.8, "loaded": 0.9}
"""Where phases end, as shares of the start without warm-up and rest."""


def add_starts(folder: Path, count: int, without: int = 0, step: float = 0.02, told: bool = True) -> Path:
    """Make every deployment's first start one of `count`, each longer by a share `step` of it than the one before.

    Contenders get the repeats; without warm-up a start of a server that has one is shorter by it. `told`: servers write
    phases.
    """
    suite = load_suite(folder)
    suite.settings.starts, suite.settings.bare_starts = count, without
    deployments = {e.deployment: e for e in reversed(suite.endpoints) if e.cold_start is not None}
    for number in range(count):
        for result in reversed(deployments.values()):
            if number == 0 or _repeated(result):
                _add(suite, result.deployment, _start(result, next_order(suite), 1 + step * number, True, told))
    for number in range(without):
        for result in reversed(deployments.values()):
            if _repeated(result) and _warms(result) and told:
                _add(suite, result.deployment, _start(result, next_order(suite), 1 + step * number, False, told))
    save_run(folder, suite)
    return folder


def fail_start(folder: Path, deployment: str, text: str) -> None:
    """One more start of a deployment, which came to no answer."""
    suite = load_suite(folder)
    _add(suite, deployment, ColdStart(order=next_order(suite), problem=problem(StartCode.ENDED, text)))
    save_run(folder, suite)


def _add(suite, deployment: str, start: ColdStart) -> None:
    for result in suite.endpoints:
        if result.deployment == deployment:
            result.cold_starts.append(start)
            if result.cold_start is not None:
                result.cold_start = result.cold_starts[0]


def _start(result: EndpointResult, order: int, longer: float, warmup: bool, told: bool) -> ColdStart:
    first = result.cold_start
    engine_s = first.start_s or 0.0
    warm_up_s = WARM_UP_S if warmup and _warms(result) else 0.0
    served = result.protocol != "call"
    request_s = (FIRST_REQUEST_S if warmup else UNWARMED_REQUEST_S) if served else None
    loaded_s = _own_s(result) * longer
    asked_s = engine_s + loaded_s + warm_up_s + REST_S
    phases = {name: round(share * loaded_s / 0.9, 3) for name, share in SHARES.items() if _writes(result, name)}
    if warmup and _warms(result):
        phases["warmed"] = round(loaded_s + warm_up_s, 3)
    return first.model_copy(
        update={
            "warmup": warmup,
            "order": order,
            "ready_s": asked_s,
            "first_answer_s": asked_s + (request_s or 0.0),
            "phases": phases if told else {},
            "protocol": result.protocol,
            "first_request_s": request_s,
            "next_requests_s": [0.001] * 5 if served else [],
        }
    )


def _own_s(result: EndpointResult) -> float:
    """Seconds to a loaded model: the same however often this is asked."""
    return round(2.0 + (len(result.server) + len(result.format)) / 10, 3)


def _repeated(result: EndpointResult) -> bool:
    return result.server != "inprocess" and result.format != "null" and not result.variant


def _warms(result: EndpointResult) -> bool:
    return not result.server.startswith("tfserving")


def _writes(result: EndpointResult, phase: str) -> bool:
    return phase != "worker" or result.server == "torchserve"

"""The agreement gate: a live endpoint answers every golden input before anything is timed."""

import time
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from serveoff.errors import ServerFailed
from serveoff.loadtests.payloads import Payload, others_of, payload_for
from serveoff.loadtests.pools import batch_of
from serveoff.loadtests.samples import expected_outputs, golden_inputs, spec_of
from serveoff.measure.one_shot_client import GateError, sender
from serveoff.measure.runtimes import Server
from serveoff.models.agreement import Errors, compare, has_classes, times
from serveoff.models.tensors import Batch, rows_of, take
from serveoff.record.endpoint_results import Gate
from serveoff.record.problems import GateCode, Problem, RequestCode, StartCode
from serveoff.services import body_limit
from serveoff.services.registry import Deployment, Endpoint


def payload_kind(endpoint: Endpoint) -> str:
    """What a request carries: `json`, `tensor` or `bytes`, or `array` in process."""
    return "array" if endpoint.protocol == "call" else _payload(endpoint).kind


def body_of(endpoint: Endpoint, encoding: str = "", rows: int = 1) -> bytes:
    """A request of so many rows; ValueError where the encoding cannot carry the model's inputs."""
    model = endpoint.deployment.model
    inputs = golden_inputs(model)
    return _payload(endpoint, encoding).encode(spec_of(model), take(inputs, batch_of(0, rows, rows_of(inputs))))


def unfit(endpoint: Endpoint, encoding: str = "", rows: int = 1) -> Problem | None:
    """Why no request of so many rows can be sent in an encoding; None where it can.

    A limit that one server has holds for all: they are sent the same.
    """
    if endpoint.protocol == "call":
        return None
    try:
        size = len(body_of(endpoint, encoding, rows))
    except ValueError as error:
        text = f"its requests cannot carry this model's inputs: {error}"
        return Problem(code=RequestCode.NOT_CARRIED, text=text)
    given = endpoint.deployment.environment.get("SERVING_MAX_BODY_BYTES")
    limit = int(given or body_limit.of_spec(spec_of(endpoint.deployment.model)))
    if size <= limit:
        return None
    what = f"of {rows} rows" if rows > 1 else "of one row"
    text = f"a request {what} has {size / 1e6:.1f} MB, and servers take {limit / 1e6:.1f} MB at most (MAX_BODY_BYTES)"
    return Problem(code=RequestCode.TOO_LARGE, text=text)


def encodings(endpoint: Endpoint) -> dict[str, str]:
    """Every encoding that it takes, its own under an empty name: what a request of it carries."""
    others = () if endpoint.protocol == "call" else others_of(endpoint)
    return {"": payload_kind(endpoint)} | {name: _payload(endpoint, name).kind for name in others}


def taken(deployment: Deployment) -> list[str]:
    """What requests to a deployment may carry, over all its protocols."""
    return [kind for endpoint in deployment.endpoints for kind in encodings(endpoint).values()]


def first_answers(endpoint: Endpoint, server: Server, body: bytes, count: int) -> list[tuple[float, float]]:
    """Ask so many times, one after another: when each answer was there (`time.perf_counter()`), and its latency.

    The connection is open before the first. ServerFailed where a server that said it was ready cannot answer.
    """
    payload, spec = _payload(endpoint), spec_of(endpoint.deployment.model)
    answered = []
    try:
        with sender(endpoint, payload, server.addresses[endpoint.protocol]) as send:
            for _ in range(count):
                asked_at = time.perf_counter()
                answer = send(body)
                answered_at = time.perf_counter()
                answered.append((answered_at, answered_at - asked_at))
                payload.decode(answer, 1, spec)
    except (GateError, ValueError) as error:
        raise ServerFailed(
            StartCode.MISBEHAVED,
            f"{endpoint.name} said it was ready, but its first answer failed: {error}",
            f"its log: {server.log}",
        ) from None
    return answered


def check(endpoint: Endpoint, server: Server, encoding: str = "") -> Gate:
    """Send every golden input, one row a request, and compare: serveoff.models.agreement.

    In the endpoint's own encoding, or in another that it takes. In a lower precision answers need not be the golden
    ones: their error is told, and their accuracy is judged apart (serveoff.measure.audit.labelled_answers).
    """
    payload, model = _payload(endpoint, encoding), endpoint.deployment.model
    spec, inputs = spec_of(model), golden_inputs(model)
    expected = expected_outputs(model, endpoint.deployment.format)
    found: list[Errors] = []
    took_s = 0.0
    try:
        with sender(endpoint, payload, server.addresses[endpoint.protocol]) as send:
            for row in range(rows_of(inputs)):
                body = payload.encode(spec, take(inputs, slice(row, row + 1)))
                asked_at = time.perf_counter()
                answer = send(body)
                took_s += time.perf_counter() - asked_at
                right = take(expected, slice(row, row + 1))
                found.append(compare(payload.decode(answer, 1, spec), right, spec.outputs))
    except (GateError, ValueError) as error:
        code = GateCode.NO_ANSWER if isinstance(error, GateError) else GateCode.MISMATCH
        return failed(Problem(code=code, text=f"golden input {len(found)}: {error}"), len(found))
    return judged(found, expected, not endpoint.deployment.precision).model_copy(
        update={"answer_s": took_s / len(found)}
    )


def failed(problem: Problem, checked: int = 0) -> Gate:
    """The gate of an endpoint whose answers could not be compared."""
    return Gate(passed=False, checked=checked, max_abs_error=None, top1_agreement=None, problem=problem)


def judged(found: Sequence[Errors], expected: Batch, golden: bool = True) -> Gate:
    """The rows' errors as one verdict. The worst row is the one whose error is the most of what is allowed there.

    What need not be the `golden` answer must be numbers all the same.
    """
    errors = together(found)
    worst = worst_of(errors) if golden else int(errors.error.argmax())
    summed_up = figures(errors, any(map(has_classes, expected.values())))
    agreement = summed_up["top1_agreement"]
    off = f"absolute error {errors.error[worst]:.3g} ({times(errors.share[worst])})"
    top = "" if agreement is None else f", top-1 agreement {agreement:.1%}"
    text = f"golden input {worst}: {off if np.isfinite(errors.error[worst]) else 'an answer that is no number'}{top}"
    passed = not errors.wrong.any() if golden else bool(np.isfinite(errors.error).all())
    return Gate(
        passed=passed,
        **summed_up,
        problem=None if passed else Problem(code=GateCode.WRONG_ANSWER, text=text),
    )


def together(found: Sequence[Errors]) -> Errors:
    """The rows of several calls as those of one."""
    return Errors(*(np.concatenate([getattr(one, f.name) for one in found]) for f in fields(Errors)))


def worst_of(errors: Errors) -> int:
    """The row that is farthest off: a class that differs is worse than any rounding."""
    return int(np.where(errors.same_top, errors.share, np.inf).argmax())


def figures(errors: Errors, classes: bool) -> dict[str, Any]:
    """The fields of a Gate that tell errors; JSON has no word for infinity: what is infinite is left out."""
    largest, share = float(errors.error.max()), float(errors.share.max())
    return {
        "checked": len(errors.error),
        "max_abs_error": largest if np.isfinite(errors.error).all() else None,
        "worst_share": share if np.isfinite(errors.share).all() else None,
        "top1_agreement": float(errors.same_top.mean()) if classes else None,
    }


def check_others(endpoint: Endpoint, server: Server) -> dict[str, Gate]:
    """The same in every other encoding that the endpoint takes, by the encoding's name."""
    others = [name for name in encodings(endpoint) if name]
    problems = {name: unfit(endpoint, name) for name in others}
    return {name: failed(found) if found else check(endpoint, server, name) for name, found in problems.items()}


def _payload(endpoint: Endpoint, encoding: str = "") -> Payload:
    return payload_for(endpoint.protocol, endpoint.deployment.grpc_api, encoding)

"""The agreement gate: a live endpoint answers every golden input before anything is timed."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import grpc
import numpy as np

from comparison.deployments import Deployment, Endpoint
from comparison.errors import ServerFailed
from comparison.results import Gate
from comparison.runtimes import Server
from loadtests.payloads import Payload, payload_for
from loadtests.pools import headers_of
from loadtests.samples import expected_outputs, golden_inputs
from models.golden import TOLERANCE

CALL_TIMEOUT_S = 30.0
SAID = 400
"""Bytes of an error body that are kept."""
BAD_REQUEST = 400

Send = Callable[[bytes], bytes]
"""One request body to one answer body; GateError where the endpoint refuses."""


class GateError(Exception):
    """The endpoint did not answer, or with an error. `status` is HTTP's; 400 for gRPC's INVALID_ARGUMENT, else 0."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def payload_kind(endpoint: Endpoint) -> str:
    """What a request carries: `json`, `tensor` or `bytes`, or `array` in process."""
    return "array" if endpoint.protocol == "call" else _payload(endpoint).kind


def body_of(endpoint: Endpoint) -> bytes:
    """A request of one row."""
    return _payload(endpoint).encode(endpoint.deployment.model, golden_inputs(endpoint.deployment.model)[:1])


def encodings(endpoint: Endpoint) -> dict[str, str]:
    """Every encoding that it takes, its own under an empty name: what a request of it carries."""
    others = () if endpoint.protocol == "call" else endpoint.payloads
    return {"": payload_kind(endpoint)} | {name: _payload(endpoint, name).kind for name in others}


def taken(deployment: Deployment) -> list[str]:
    """What requests to a deployment may carry, over all its protocols."""
    return [kind for endpoint in deployment.endpoints for kind in encodings(endpoint).values()]


def first_answers(endpoint: Endpoint, server: Server, body: bytes, count: int) -> list[tuple[float, float]]:
    """Ask so many times, one after another: when each answer was there (`time.perf_counter()`), and its latency.

    The connection is open before the first. ServerFailed where a server that said it was ready cannot answer.
    """
    payload = _payload(endpoint)
    answered = []
    try:
        with sender(endpoint, payload, server.addresses[endpoint.protocol]) as send:
            for _ in range(count):
                asked_at = time.perf_counter()
                answer = send(body)
                answered_at = time.perf_counter()
                answered.append((answered_at, answered_at - asked_at))
                payload.decode(answer)
    except (GateError, ValueError) as error:
        raise ServerFailed(
            f"{endpoint.name} said it was ready, but its first answer failed: {error}",
            f"its log: {server.log}",
        ) from None
    return answered


def check(endpoint: Endpoint, server: Server, encoding: str = "") -> Gate:
    """Send every golden input, one row a request, and compare: absolute error and top-1 class.

    In the endpoint's own encoding, or in another that it takes.
    """
    payload, model = _payload(endpoint, encoding), endpoint.deployment.model
    inputs, expected = golden_inputs(model), expected_outputs(model, endpoint.deployment.format)
    answers: list[np.ndarray] = []
    try:
        with sender(endpoint, payload, server.addresses[endpoint.protocol]) as send:
            for row in range(len(inputs)):
                answers.append(payload.decode(send(payload.encode(model, inputs[row : row + 1])))[0])
    except (GateError, ValueError) as error:
        reason = f"golden input {len(answers)}: {error}"
        return Gate(passed=False, checked=len(answers), max_abs_error=None, top1_agreement=None, reason=reason)
    return judge(np.stack(answers), expected)


def judge(answers: np.ndarray, expected: np.ndarray) -> Gate:
    """Compare answers with golden outputs, both of shape (n, classes)."""
    if answers.shape != expected.shape:
        reason = f"answers have shape {answers.shape}, golden outputs {expected.shape}"
        return Gate(passed=False, checked=len(answers), max_abs_error=None, top1_agreement=None, reason=reason)
    errors = np.abs(answers - expected).reshape(len(expected), -1).max(axis=1)
    agreement = float((answers.argmax(axis=-1) == expected.argmax(axis=-1)).mean())
    worst = int(errors.argmax())
    passed = bool(errors[worst] <= TOLERANCE) and agreement == 1.0
    reason = (
        ""
        if passed
        else (
            f"golden input {worst}: absolute error {errors[worst]:.3g} (at most {TOLERANCE:g} is allowed), "
            f"top-1 agreement {agreement:.1%}"
        )
    )
    # NaN compares as neither equal nor larger: it fails `<=`, and is shown as it is.
    worst_error = float(errors[worst]) if np.isfinite(errors[worst]) else None
    return Gate(
        passed=passed,
        checked=len(answers),
        max_abs_error=worst_error,
        top1_agreement=agreement,
        reason=reason,
    )


def check_others(endpoint: Endpoint, server: Server) -> dict[str, Gate]:
    """The same in every other encoding that the endpoint takes, by the encoding's name."""
    return {name: check(endpoint, server, name) for name in encodings(endpoint) if name}


def _payload(endpoint: Endpoint, encoding: str = "") -> Payload:
    return payload_for(endpoint.protocol, endpoint.deployment.grpc_api, encoding)


@contextmanager
def sender(endpoint: Endpoint, payload: Payload, address: str, query: str = "") -> Iterator[Send]:
    """A connection that sends bodies; `query`, as `?layer=dense1`, goes behind the path of REST."""
    open_ = {"rest": _rest_sender, "grpc": _grpc_sender}[endpoint.protocol]
    with open_(endpoint, payload, address, query) as send:
        yield send


@contextmanager
def _rest_sender(endpoint: Endpoint, payload: Payload, address: str, query: str) -> Iterator[Send]:
    connection = http.client.HTTPConnection(address, timeout=CALL_TIMEOUT_S)
    headers: Mapping[str, str] = headers_of(payload, golden_inputs(endpoint.deployment.model)[:1])

    def send(body: bytes) -> bytes:
        try:
            path = f"/v1/models/{endpoint.deployment.model}:predict{query}"
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise GateError(f"no answer: {error!r}") from None
        if answer.status != 200:
            raise GateError(f"status {answer.status}: {data[:SAID].decode(errors='replace')}", answer.status)
        return data

    try:
        connection.connect()
    except OSError as error:
        raise GateError(f"no connection: {error!r}") from None
    try:
        yield send
    finally:
        connection.close()


@contextmanager
def _grpc_sender(endpoint: Endpoint, payload: Payload, address: str, query: str) -> Iterator[Send]:
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(payload.method)
        try:
            grpc.channel_ready_future(channel).result(CALL_TIMEOUT_S)
        except grpc.FutureTimeoutError:
            raise GateError(f"no connection within {CALL_TIMEOUT_S:g} s") from None

        def send(body: bytes) -> bytes:
            try:
                answer: bytes = call(body, timeout=CALL_TIMEOUT_S)
            except grpc.RpcError as error:
                refused = BAD_REQUEST if error.code() is grpc.StatusCode.INVALID_ARGUMENT else 0
                raise GateError(f"gRPC {error.code().name}: {error.details()}", refused) from None
            return answer

        yield send

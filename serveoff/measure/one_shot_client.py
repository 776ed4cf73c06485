"""Ask a live endpoint one thing after another, over one connection, without a load generator."""

import http.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import grpc

from serveoff.loadtests.payloads import Payload
from serveoff.loadtests.pools import headers_of
from serveoff.loadtests.protocols.channel import CHANNEL
from serveoff.loadtests.samples import golden_inputs, spec_of
from serveoff.models.tensors import take
from serveoff.services.bounded_http import Connection
from serveoff.services.registry import Endpoint

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


def sender(endpoint: Endpoint, payload: Payload, address: str, query: str = "") -> AbstractContextManager[Send]:
    """A connection that sends bodies; `query`, as `?layer=dense1`, goes behind the path of REST."""
    return {"rest": _rest_sender, "grpc": _grpc_sender}[endpoint.protocol](endpoint, payload, address, query)


@contextmanager
def _rest_sender(endpoint: Endpoint, payload: Payload, address: str, query: str) -> Iterator[Send]:
    connection = Connection(address, CALL_TIMEOUT_S)
    model = endpoint.deployment.model
    one_row = take(golden_inputs(model), slice(1))
    headers: Mapping[str, str] = headers_of(payload, spec_of(model), one_row)

    def send(body: bytes) -> bytes:
        try:
            status, data = connection.ask("POST", endpoint.deployment.path + query, body, headers)
        except (OSError, http.client.HTTPException) as error:
            raise GateError(f"no answer: {error!r}") from None
        if status != 200:
            raise GateError(f"status {status}: {data[:SAID].decode(errors='replace')}", status)
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
    with grpc.insecure_channel(address, options=CHANNEL) as channel:
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

"""One question after another to a live endpoint."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from serveoff.loadtests.payloads import payload_for
from serveoff.measure.one_shot_client import sender
from serveoff.services.registry import read_registry


@pytest.fixture
def echo_address():
    """A gRPC server that answers every call with the call's own bytes."""
    server = grpc.server(ThreadPoolExecutor(1))
    payload = payload_for("grpc", "tfserving")
    service, method = payload.method.strip("/").split("/")
    echo = grpc.unary_unary_rpc_method_handler(lambda request, context: request)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {method: echo})])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)


def test_grpc_goes_by_no_proxy(echo_address, monkeypatch):
    for name in ("http_proxy", "grpc_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.delenv("no_proxy", raising=False)
    endpoints = (endpoint for deployment in read_registry() for endpoint in deployment.endpoints)
    endpoint = next(endpoint for endpoint in endpoints if endpoint.protocol == "grpc")
    with sender(endpoint, payload_for("grpc", "tfserving"), echo_address) as send:
        assert send(b"question") == b"question"

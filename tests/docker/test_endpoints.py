"""Every published endpoint gives the answers of the model that was exported on this machine."""

import urllib.request
from dataclasses import dataclass

import pytest

from serveoff.measure import agreement_gate
from serveoff.services.registry import read_registry

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@dataclass
class Published:
    """Where a deployment's endpoints are reached from the host: all that the gate needs of a server."""

    addresses: dict


def test_golden_inputs(stack, model_dir):
    endpoints = [
        endpoint
        for deployment in read_registry(environ=stack.environ)
        if not deployment.extra
        for endpoint in deployment.endpoints
        if endpoint.protocol != "call"
    ]
    assert len(endpoints) == 15
    for endpoint in endpoints:
        ports = endpoint.deployment.published.items()
        published = Published({name: f"127.0.0.1:{port}" for name, port in ports})
        for encoding in agreement_gate.encodings(endpoint):
            result = agreement_gate.check(endpoint, published, encoding)
            assert result.passed, f"{endpoint.name} {encoding}: {result.problem}"
            assert result.checked == 64


@pytest.mark.parametrize(("variable", "path", "text"), [("LOCUST_PORT", "/", "Locust"), ("REPORT_PORT", "/", "<h1")])
def test_pages(stack, variable, path, text):
    with urllib.request.urlopen(f"http://127.0.0.1:{stack.variables[variable]}{path}", timeout=10) as answer:
        assert text in answer.read().decode()

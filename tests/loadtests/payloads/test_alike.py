"""Like with like: in one REST encoding every server is sent the same bytes."""

import json
import subprocess
import sys

import pytest

from serveoff.measure import agreement_gate
from serveoff.services.registry import REPOSITORY, read_registry

REST = [e for d in read_registry(environ={}) for e in d.endpoints if e.protocol == "rest"]
ENCODINGS = ("", "json_base64", "raw_tensor")
FRAMED = """
import json, sys
import locust  # first: it replaces what others would have imported
import numpy as np
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.payloads import payload_for
from serveoff.loadtests.pools import headers_of
from serveoff.loadtests.protocols.framing import FRAMES
from serveoff.models.catalog import load_spec

batch = {"image": np.random.default_rng(3).random((2, 28, 28, 1), dtype=np.float32)}
framed = []
for fields in json.loads(sys.argv[1]):
    encoding = fields.pop("encoding")
    target = Target(**fields)
    payload, spec = payload_for("rest", target.grpc_api, encoding), load_spec(target.model)
    request = FRAMES["rest"](target, payload.encode(spec, batch), headers_of(payload, spec, batch))
    framed.append(request.decode("latin-1"))
print(json.dumps(framed))
"""
"""In a process of its own, for Locust replaces the sockets of the one that imports it."""


def test_every_encoding_of_rest_is_looked_at():
    assert {name for endpoint in REST for name in agreement_gate.encodings(endpoint)} == set(ENCODINGS)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_whole_requests_differ_by_the_host_only(encoding):
    takers = [endpoint for endpoint in REST if encoding in agreement_gate.encodings(endpoint)]
    targets = [
        {"name": e.name, "protocol": "rest", "host": "127.0.0.1", "port": 9000 + number, "model": e.deployment.model}
        | {"format": e.deployment.format, "path": e.deployment.path, "grpc_api": e.deployment.grpc_api}
        | {"encoding": encoding}
        for number, e in enumerate(takers)
    ]
    done = subprocess.run(
        [sys.executable, "-c", FRAMED, json.dumps(targets)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    alike = set()
    for target, request in zip(targets, json.loads(done.stdout), strict=True):
        host = f"Host: 127.0.0.1:{target['port']}\r\n"
        assert request.count(host) == 1
        alike.add(request.replace(host, ""))
    assert len({endpoint.deployment.server for endpoint in takers}) > 1
    assert len(alike) == 1


def test_tensorflow_serving_takes_no_raw_body_and_is_not_sent_one():
    takers = {e.deployment.server for e in REST if "raw_tensor" in agreement_gate.encodings(e)}
    assert takers == {"flask-tuned", "torchserve"}

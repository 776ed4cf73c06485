"""Like with like: in one REST encoding every server is sent the same bytes."""

import numpy as np
import pytest

from comparison import gate
from comparison.deployments import read_registry
from loadtests.endpoints import Target
from loadtests.payloads import payload_for
from loadtests.pools import headers_of
from loadtests.protocols.rest import RestUser

BATCH = np.random.default_rng(3).random((2, 28, 28, 1), dtype=np.float32)
REST = [e for d in read_registry(environ={}) for e in d.endpoints if e.protocol == "rest"]
ENCODINGS = ("", "json_base64", "raw_tensor")


def test_every_encoding_of_rest_is_looked_at():
    assert {name for endpoint in REST for name in gate.encodings(endpoint)} == set(ENCODINGS)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_whole_requests_differ_by_the_host_only(encoding):
    framed = set()
    takers = [endpoint for endpoint in REST if encoding in gate.encodings(endpoint)]
    for port, endpoint in enumerate(takers):
        d = endpoint.deployment
        target = Target(endpoint.name, "rest", "127.0.0.1", 9000 + port, d.model, d.format, d.grpc_api)
        payload = payload_for("rest", d.grpc_api, encoding)
        request = RestUser.frame(target, payload.encode(d.model, BATCH), headers_of(payload, BATCH))
        host = f"Host: {target.address}\r\n".encode()
        assert request.count(host) == 1
        framed.add(request.replace(host, b""))
    assert len({endpoint.deployment.server for endpoint in takers}) > 1
    assert len(framed) == 1


def test_tensorflow_serving_takes_no_raw_body_and_is_not_sent_one():
    takers = {e.deployment.server for e in REST if "raw_tensor" in gate.encodings(e)}
    assert takers == {"flask", "torchserve"}

"""What one round asks of an endpoint, as far as encodings go; other loads are in tests/e2e/test_loads.py."""

from dataclasses import replace

from comparison import gate
from comparison.deployments import read_registry
from comparison.orders import closed_stages, orders, refused
from comparison.plan import PROFILES, make_plan
from comparison.results import EndpointResult, Gate

PROFILE = replace(PROFILES["quick"], payloads=True)
PLAN = make_plan(read_registry(environ={}), ["torchserve-torchscript-rest"], PROFILE)
(ENDPOINT,) = PLAN.endpoints


def result(**gates):
    found = {
        name: Gate(passed=passed, checked=64, max_abs_error=None, top1_agreement=None) for name, passed in gates.items()
    }
    fields = {"deployment": "d", "server": "s", "format": "f", "protocol": "rest", "payload": "json"}
    return EndpointResult(endpoint="e", encoding_gates=found, **fields)


def test_an_encoding_that_did_not_pass_its_gate_is_not_measured():
    failed = result(json_base64=True, raw_tensor=False)
    assert refused(failed) == {"raw_tensor"}
    (order,) = orders(ENDPOINT, failed, PROFILE, 1, 0.5)
    assert [s.load.payload for s in order.stages if s.load.payload] == ["json_base64"]


def test_every_encoding_that_passed_is_measured_once_a_round_and_planned_for():
    stages = closed_stages(ENDPOINT, PROFILE)
    assert [s.load.payload for s in stages] == ["", "", "", "json_base64", "raw_tensor"]
    without = replace(PLAN, profile=replace(PROFILE, payloads=False))
    more = PLAN.visit_s(ENDPOINT) - without.visit_s(ENDPOINT)
    assert more >= sum(s.duration_s for s in stages if s.load.payload)
    assert len(gate.encodings(ENDPOINT)) == 3

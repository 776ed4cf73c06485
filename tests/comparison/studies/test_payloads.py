"""The same input in several encodings, on a run whose truth is known."""

import pytest

from comparison.analysis import compare
from comparison.deployments import read_registry
from comparison.render import payloads
from loadtests.payloads import payload_for
from tests.comparison.synthetic import Scenario, write_run
from tests.comparison.variant_runs import add_payload

ENDPOINT, OTHER = "flask-torchscript-rest", "flask-savedmodel-rest"


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("r") / "run", Scenario(only=(ENDPOINT, OTHER), round_drift=0.0))
    add_payload(folder, ENDPOINT, "raw_tensor", speedup=1.5)
    return compare(folder)


def test_what_an_encoding_gains_is_found_beside_the_endpoint_s_own(comparison):
    own, raw = comparison.payloads
    assert (own.endpoint, own.payload, own.faster) == (ENDPOINT, "", None)
    assert (raw.payload, raw.request_bytes, raw.encode_s) == ("raw_tensor", 3136, 2e-6)
    assert raw.faster.low < 1.5 < raw.faster.high
    assert "Raw bytes makes torchscript behind Flask over REST" in payloads.sentence(comparison)


def test_the_ranking_is_by_each_endpoint_s_own_encoding(comparison):
    plain = comparison.entry(ENDPOINT)
    assert plain.alone.load.payload == ""
    assert [p.load.payload for p in plain.others] == ["raw_tensor"]


def test_every_encoding_of_the_registry_has_a_module():
    named = {(p, name) for d in read_registry(environ={}) for p, names in d.payloads.items() for name in names}
    assert ("rest", "raw_tensor") in named
    for protocol, name in named:
        if protocol != "call":
            assert payload_for(protocol, "", name).kind

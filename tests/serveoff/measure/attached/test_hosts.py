"""Nobody's host is loaded by mistake."""

import socket

import pytest

from serveoff.errors import UsageError
from serveoff.measure.attached import hosts
from serveoff.measure.attached.urls import parse_url


@pytest.fixture
def names(monkeypatch):
    """What names resolve to, without asking anybody."""
    known = {
        "near": ["10.1.2.3"],
        "far": ["93.184.216.34"],
        "both": ["10.1.2.3", "93.184.216.34"],
        "gke": ["34.118.230.9"],
        "me": ["127.0.0.1"],
    }

    def resolve(host, port, type=0):
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, type, 6, "", (address, 0)) for address in known[host]]

    monkeypatch.setattr(hosts.socket, "getaddrinfo", resolve)


def cared_for(host, allowed=(), max_rate=None):
    return hosts.cared_for([parse_url(f"a=http://{host}/v1/models/m")], allowed, max_rate)[0]


@pytest.mark.parametrize(("host", "guarded"), [("me", False), ("near", True), ("gke", True)])
def test_a_host_of_this_network_may_be_asked_as_fast_as_it_answers(names, host, guarded):
    found = cared_for(host)
    assert (found.max_rate, found.guarded) == (None, guarded)


@pytest.mark.parametrize("host", ["far", "both"])
def test_a_host_outside_needs_a_word_and_is_asked_slowly(names, host):
    with pytest.raises(UsageError, match="a load test may harm it") as refused:
        cared_for(host, allowed=["near"])
    assert f"--yes-i-may-load {host}" in refused.value.hint
    found = cared_for(host, allowed=[host])
    assert (found.max_rate, found.guarded) == (50, True)
    assert cared_for(host, allowed=[host], max_rate=500).max_rate == 500


def test_the_lower_of_two_rates_holds(names):
    slow = parse_url("a=http://me/v1/models/m").model_copy(update={"max_rate": 3.0})
    (found,) = hosts.cared_for([slow], (), 100.0)
    assert (found.max_rate, found.guarded) == (3, True)


def test_a_host_without_an_address_is_told(names):
    with pytest.raises(UsageError, match="the host nowhere has no address"):
        cared_for("nowhere")

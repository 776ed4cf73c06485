"""Questions over TLS: nobody is asked whose certificate is not right, and what is wrong with it is said."""

import pytest

from serveoff.loadtests.attached.ask import asking
from serveoff.loadtests.recording.statuses import NO_TLS, UNTRUSTED
from tests.loadtests.attached import servers
from tests.loadtests.attached.certificates import BAD, GOOD, PEM
from tests.loadtests.attached.test_ask import exchange, failure, serving

PROTOCOLS = pytest.mark.parametrize("protocol", ["rest", "grpc"])
ADVICE = {
    "certificate has expired": "renew the certificate",
    "Hostname mismatch": "give the host that the certificate is of in the URL",
    "unable to get local issuer certificate": "name the PEM file of the authority that signed it: --ca-file",
}


def yes(protocol):
    return lambda asked: servers.Answer(b"yes") if protocol == "rest" else b"yes"


@PROTOCOLS
def test_many_questions_take_one_connection(protocol):
    sent = exchange(protocol, tls=True, ca_pem=PEM)
    with (
        serving(protocol, yes(protocol), certificate=GOOD) as served,
        asking(served.target(host="localhost"), sent, 10.0) as ask,
    ):
        assert [ask(b"{}") for _ in range(20)] == [b"yes"] * 20
    assert len(served.asked) == 20
    assert served.connections == {"rest": 1, "grpc": 0}[protocol], "gRPC's are not counted"
    assert protocol == "grpc" or served.asked[0].headers["host"] == f"localhost:{served.port}"


@PROTOCOLS
@pytest.mark.parametrize("name", ["", "127.0.0.1"])
def test_a_certificate_may_be_of_an_address(protocol, name):
    sent = exchange(protocol, tls=True, ca_pem=PEM, server_name=name)
    with serving(protocol, yes(protocol), certificate=GOOD) as served, asking(served.target(), sent, 10.0) as ask:
        assert ask(b"{}") == b"yes"


@PROTOCOLS
@pytest.mark.parametrize("said", BAD)
def test_a_bad_certificate_is_refused_with_its_reason(protocol, said):
    with serving(protocol, yes(protocol), certificate=BAD[said]) as served:
        failed = failure(served.target(host="localhost"), exchange(protocol, tls=True, ca_pem=PEM))
    assert (failed.status, failed.advice, served.asked) == (UNTRUSTED, ADVICE[said], [])
    assert f"its certificate is not trusted: {said}" in failed.text


@PROTOCOLS
def test_the_systems_authorities_do_not_know_ours(protocol):
    with serving(protocol, yes(protocol), certificate=GOOD) as served:
        failed = failure(served.target(host="localhost"), exchange(protocol, tls=True))
    assert (failed.status, served.asked) == (UNTRUSTED, [])


@PROTOCOLS
def test_the_certificate_may_be_of_a_host_that_the_url_does_not_name(protocol):
    named = exchange(protocol, tls=True, ca_pem=PEM, server_name="models.example.org")
    with (
        serving(protocol, yes(protocol), certificate=BAD["Hostname mismatch"]) as served,
        asking(served.target(), named, 10.0) as ask,
    ):
        assert ask(b"{}") == b"yes"


def test_a_server_without_tls_is_said_to_have_none():
    with servers.rest(yes("rest")) as served:
        failed = failure(served.target(), exchange(tls=True, ca_pem=PEM))
    assert (failed.status, served.asked) == (NO_TLS, [])
    assert "no TLS connection" in failed.text


def test_a_server_with_tls_that_is_asked_without_closes_the_connection():
    with servers.rest(yes("rest"), GOOD) as served:
        failed = failure(served.target(), exchange())
    assert "closed the connection" in failed.text
    assert "https://" in failed.advice


def test_an_answer_that_drips_ends_by_its_deadline():
    def drip(asked):
        return servers.Answer(b"x" * 50, pause_s=0.1)

    with servers.rest(drip, GOOD) as served:
        failed = failure(served.target(host="localhost"), exchange(tls=True, ca_pem=PEM), timeout_s=0.5)
    assert "within 0.5 s" in failed.text

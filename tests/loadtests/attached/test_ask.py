"""One question after another; where there is no answer, the reason and what to do."""

import socket
import time

import grpc
import pytest

from serveoff.loadtests.attached.ask import AskFailed, asking
from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.recording.statuses import REFUSED, TIMED_OUT
from tests.loadtests.attached import servers
from tests.loadtests.attached.certificates import GOOD, PEM
from tests.ports import free_ports

TOKEN = "sesame-open-1234"
METHOD = dialect("grpc_tfserving").method


def exchange(protocol="rest", **more):
    return Exchange(dialect={"rest": "tfserving", "grpc": "grpc_tfserving"}[protocol], bodies=(b"{}",), **more)


def failure(target, exchange, timeout_s=10.0):
    with pytest.raises(AskFailed) as failed, asking(target, exchange, timeout_s) as ask:
        ask(b"{}")
    return failed.value


def refusing(status, body=b"", **headers):
    return lambda asked: servers.Answer(
        body, status, {name.replace("_", "-"): value for name, value in headers.items()}
    )


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_nobody_there_is_said(protocol):
    failed = failure(Target("prod", protocol, "127.0.0.1", free_ports(1)[0], "m", "", "/"), exchange(protocol))
    assert "nothing listens at 127.0.0.1:" in failed.text
    assert failed.status == REFUSED
    assert failed.advice


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_a_host_that_nobody_knows_is_named(protocol):
    failed = failure(Target("prod", protocol, "no-such-host.invalid", 80, "m", "", "/"), exchange(protocol))
    assert "no-such-host.invalid" in failed.text


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_says_where_it_points(status):
    place = "https://user:pass@login.example.org/start?token=sesame#x"
    with servers.rest(refusing(status, Location=place)) as served:
        failed = failure(served.target(), exchange())
    assert (failed.status, len(served.asked)) == (status, 1)
    assert "points to https://login.example.org/start" in failed.text
    assert not {"pass", "sesame"} & set(failed.text.replace("@", " ").replace("=", " ").split())
    assert "not followed" in failed.advice


def test_too_many_requests_say_when_to_ask_again():
    with servers.rest(refusing(429, b'{"detail": "slow down"}', Retry_After="17")) as served:
        failed = failure(served.target(), exchange())
    assert failed.status == 429
    assert "Retry-After 17" in failed.text
    assert "slow down" in failed.text
    assert failed.advice == "ask it less often: --max-rate"


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_a_token_lets_in_and_without_one_it_is_asked_for(protocol):
    def locked(asked):
        given = asked.headers.get("authorization", "none")
        if given == f"Bearer {TOKEN}":
            return servers.Answer(b"come in") if protocol == "rest" else b"come in"
        if protocol == "grpc":
            raise servers.Refused(grpc.StatusCode.UNAUTHENTICATED, f"not for {given}")
        return servers.Answer(f"not for {given}".encode(), 401)

    with serving(protocol, locked) as served:
        with asking(served.target(), exchange(protocol, headers={"Authorization": f"Bearer {TOKEN}"}), 10.0) as ask:
            assert ask(b"{}") == b"come in"
        nothing = failure(served.target(), exchange(protocol))
        wrong = failure(served.target(), exchange(protocol, headers={"Authorization": "Bearer opensesame"}))
    assert nothing.status == {"rest": 401, "grpc": 1016}[protocol]
    assert "not for none" in nothing.text
    assert "token" in nothing.advice
    assert "not for …" in wrong.text
    assert "opensesame" not in wrong.text + wrong.advice + repr(wrong)


def test_what_a_body_says_of_a_path_that_is_not_there_is_told():
    with servers.rest(refusing(404, b'{"error": "no model n;\n there is m"}')) as served:
        failed = failure(served.target("/v1/models/n:predict"), exchange())
    assert failed.text == 'HTTP 404 Not Found; {"error": "no model n; there is m"}'
    assert "model's name" in failed.advice


def test_a_status_of_nobody_is_told_as_it_is():
    with servers.rest(refusing(599)) as served:
        assert failure(served.target(), exchange()).text == "HTTP 599"


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_silence_ends(protocol):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = Target("prod", protocol, "127.0.0.1", listener.getsockname()[1], "m", "", "/")
        failed = failure(target, exchange(protocol), timeout_s=0.2)
    assert failed.status in (TIMED_OUT, 1004, 1014)


@pytest.mark.parametrize("certificate", [None, GOOD], ids=["plain", "tls"])
def test_a_connection_that_the_server_closed_meanwhile_is_opened_again(certificate):
    sent = exchange(tls=certificate is not None, ca_pem=PEM)
    with (
        servers.rest(lambda asked: servers.Answer(b"yes"), certificate) as served,
        asking(served.target(), sent, 10.0) as ask,
    ):
        assert ask(b"{}") == b"yes"
        assert ask(b"{}") == b"yes"
        assert served.connections == 1
        served.hang_up()
        assert ask(b"{}") == b"yes"
    assert (served.connections, len(served.asked)) == (2, 3)


def test_what_is_no_http_is_said():
    def nonsense(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(b"SSH-2.0-x\r\n")

    with servers.raw(nonsense) as port:
        failed = failure(Target("prod", "rest", "127.0.0.1", port, "m", "", "/"), exchange())
    assert "without an answer" in failed.text


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_questions_keep_the_pace(protocol):
    answer = servers.Answer(b"yes") if protocol == "rest" else b"yes"
    with serving(protocol, lambda asked: answer) as served:
        begun = time.perf_counter()
        with asking(served.target(), exchange(protocol, pace_s=0.05), 10.0) as ask:
            for _ in range(4):
                ask(b"{}")
    assert [asked.at >= begun + number * 0.05 for number, asked in enumerate(served.asked, 1)] == [True] * 4


def test_the_host_is_the_urls_and_a_header_may_name_another():
    with servers.rest(lambda asked: servers.Answer(b"yes")) as served:
        for headers in ({}, {"Host": "models.example.org"}, {"content-type": "text/csv"}):
            with asking(served.target(), exchange(headers=headers), 10.0) as ask:
                ask(b"{}")
    hosts = [asked.headers["host"] for asked in served.asked]
    assert hosts == [f"127.0.0.1:{served.port}", "models.example.org", f"127.0.0.1:{served.port}"]
    assert [asked.headers["content-type"] for asked in served.asked] == ["application/json"] * 2 + ["text/csv"]


def test_a_path_of_other_characters_is_escaped_once():
    with servers.rest(lambda asked: servers.Answer(b"yes")) as served:
        for path in ("/v1/models/größe 1:predict?a=b c", "/v1/models/gr%C3%B6%C3%9Fe%201:predict?a=b%20c"):
            with asking(served.target(path), exchange(), 10.0) as ask:
                ask(b"{}")
    assert {asked.path for asked in served.asked} == {"/v1/models/gr%C3%B6%C3%9Fe%201:predict?a=b%20c"}


@pytest.mark.parametrize("headers", [{"Token-bin": TOKEN}, {"Token": f"ü{TOKEN}"}, {"Token!": TOKEN}])
def test_what_grpc_cannot_send_is_named_and_its_value_is_not(headers):
    with servers.rpc(METHOD, lambda asked: b"yes") as served:
        failed = failure(served.target(), exchange("grpc", headers=headers))
    assert next(iter(headers)) in failed.text
    assert TOKEN not in failed.text
    assert served.asked == []


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_authorities_that_are_none_are_said(protocol):
    answer = servers.Answer(b"yes") if protocol == "rest" else b"yes"
    with serving(protocol, lambda asked: answer) as served:
        failed = failure(served.target(), exchange(protocol, tls=True, ca_pem="nonsense"))
    assert "certificates of the authorities cannot be read" in failed.text


@pytest.mark.skipif(not servers.has_ipv6(), reason="no IPv6 here")
@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_an_address_of_ipv6_is_asked(protocol):
    answer = servers.Answer(b"yes") if protocol == "rest" else b"yes"
    with (
        serving(protocol, lambda asked: answer, host="::1") as served,
        asking(served.target(host="::1"), exchange(protocol), 10.0) as ask,
    ):
        assert ask(b"{}") == b"yes"
    assert protocol == "grpc" or served.asked[0].headers["host"] == f"[::1]:{served.port}"


def serving(protocol, answer, **how):
    return servers.rest(answer, **how) if protocol == "rest" else servers.rpc(METHOD, answer, **how)

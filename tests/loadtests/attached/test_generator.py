"""The load generator's process, told of endpoints that run already."""

from dataclasses import asdict

import pytest

from serveoff.loadtests.problems import WindowCode
from tests.loadtests.attached import servers
from tests.loadtests.attached.certificates import BAD, GOOD, PEM
from tests.loadtests.attached.drivers import test_grpc, test_rest
from tests.loadtests.conftest import Generator

pytestmark = pytest.mark.slow

TOKEN = "sesame-open-1234"
SECRET = {"Authorization": f"Bearer {TOKEN}"}
SERVED = {"rest": servers.rest, "grpc": lambda *how: servers.rpc(test_grpc.GRPC.method, *how)}
ANSWER = {"rest": test_rest.sums, "grpc": test_grpc.echo}
EXCHANGE = {"rest": test_rest.exchange, "grpc": test_grpc.exchange}
TLS = {"tls": True, "ca_pem": PEM}


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """One for all tests: they tell it of one endpoint after another."""
    generator = Generator(tmp_path_factory.mktemp("generator") / "log")
    assert generator.event() == {"event": "ready"}
    yield generator
    generator.close()


@pytest.fixture
def announce(generator):
    """Tells of an endpoint, and gives what is said to that; nothing that is said or logged holds the token."""

    def announced(target, exchange):
        generator.tell("endpoint", target=asdict(target), exchange=exchange.model_dump(mode="json"))
        return generator.event()

    yield announced
    assert TOKEN not in generator.log.read_text()


@pytest.mark.parametrize("certificate", [None, GOOD], ids=["plain", "tls"])
@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_every_request_is_a_row_and_answers_are_checked(generator, announce, protocol, certificate):
    sent = EXCHANGE[protocol](headers=SECRET, **(TLS if certificate else {}))
    with SERVED[protocol](ANSWER[protocol], certificate) as served:
        told = announce(served.target(host="localhost" if certificate else "127.0.0.1"), sent)
        slices = [generator.slice("prod", load, 0.2) for load in ("1", "4", "constant@50")]
    assert told["payload"] == {"rest": "json", "grpc": "tensor"}[protocol]
    assert sum(len(done.rows["status"]) for done in slices) == len(served.asked)
    for done in slices:
        assert set(done.rows["status"]) == {200}
        assert done.window["answers_checked"] == len(done.rows["status"]) > 0
        assert done.window.get("wrong_answers", 0) == 0
    assert {asked.headers["authorization"] for asked in served.asked} == {SECRET["Authorization"]}


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_wrong_answers_are_found(generator, announce, protocol):
    with SERVED[protocol](ANSWER[protocol]) as served:
        announce(served.target(), EXCHANGE[protocol](right=1.01))
        window = generator.slice("prod", "2", 0.2).window
    assert WindowCode.WRONG_ANSWERS in [problem["code"] for problem in window["problems"]]


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_an_expired_certificate_is_what_is_wrong_with_the_window(generator, announce, protocol):
    with SERVED[protocol](ANSWER[protocol], BAD["certificate has expired"]) as served:
        announce(served.target(host="localhost"), EXCHANGE[protocol](**TLS))
        window = generator.slice("prod", "1", 0.5).window
    assert "certificate has expired" in window["problems"][0]["text"]
    assert served.asked == []


def test_what_an_endpoint_says_of_a_token_is_in_no_event(generator, announce):
    def refuse(asked):
        return servers.Answer(f"no user has {asked.headers['authorization']}".encode(), 401)

    with servers.rest(refuse) as served:
        announce(served.target(), test_rest.exchange(headers=SECRET))
        window = generator.slice("prod", "1", 0.5).window
    (text,) = [problem["text"] for problem in window["problems"] if problem["code"] == WindowCode.ONLY_ERRORS]
    assert "HTTP 401 no user has …" in text
    assert TOKEN not in repr(window)


def test_what_cannot_be_sent_is_said_without_the_token(generator, announce):
    with servers.rest(test_rest.sums) as served:
        unknown = announce(served.target(), test_rest.exchange(headers=SECRET).model_copy(update={"expected": ""}))
        announce(served.target(), test_rest.exchange(headers=SECRET))
        generator.tell("slice", endpoint="prod", load="1x4", lead_in_s=0, duration_s=1)
        batch = generator.event()
        generator.tell("endpoint", target=asdict(served.target()), exchange={"headers": SECRET})
        nothing = generator.event()
    assert "0 answers are known for 3 requests" in unknown["text"]
    assert "one row each" in batch["text"]
    assert {unknown["event"], batch["event"], nothing["event"]} == {"error"}
    assert TOKEN not in unknown["text"] + batch["text"] + nothing["text"]

"""Exchanges travel as JSON, and what is secret in them is seen nowhere."""

import json

import pytest

from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.reading import reading
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator.commands import EndpointCommand, parse_command
from serveoff.models.spec import TensorSpec

TOKEN = "sesame-open-1234"
EXCHANGE = Exchange(
    dialect="tfserving", bodies=(b"{}", b"\xff\x00"), headers={"Authorization": f"Bearer {TOKEN}"}, ca_pem="PEM"
)
TARGET = Target("prod", "rest", "127.0.0.1", 1, "m", "", "/p")


def test_it_comes_out_of_json_as_it_went_in():
    halves = TensorSpec(name="answer", shape=(-1,), dtype="float32", precision="float16")
    known = EXCHANGE.model_copy(update={"tensors": (halves,)})
    command = EndpointCommand(target=TARGET, exchange=known.expecting([reading([1.0]), reading("a")], 70))
    back = parse_command(command.model_dump_json().encode())
    assert back == command
    assert back.exchange.tensors == (halves,)
    assert (back.exchange.bodies, back.exchange.answer_bytes) == ((b"{}", b"\xff\x00"), 70)
    assert [list(one) for one in back.exchange.readings] == [["answer"], ["answer='a'"]]


def test_answers_have_to_be_known_of_each_request():
    with pytest.raises(ValueError, match="0 answers are known for 2 requests"):
        _ = EXCHANGE.readings
    with pytest.raises(ValueError, match="1 answers are known for 2 requests"):
        _ = EXCHANGE.expecting([reading([1.0])]).readings


def test_no_repr_has_a_token_or_a_body():
    for shown in (EXCHANGE, EndpointCommand(target=TARGET, exchange=EXCHANGE), [EXCHANGE]):
        assert TOKEN not in repr(shown) + str(shown)
        assert "requests=2" in repr(shown)


LINE = EndpointCommand(target=TARGET, exchange=EXCHANGE).model_dump_json().encode()


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace(b'"dialect"', b'"dialec"'),
        LINE[:-3],
        LINE.replace(b"Bearer ", b"\\r\\nHost: x"),
        LINE.replace(b'"tls":false', b'"tls":"sesame-open-1234"'),
        LINE.replace(b'"headers":{', b'"headers":{"Content-Length":"sesame-open-1234",'),
        b'"sesame-open-1234"',
    ],
)
def test_no_error_has_a_token(line):
    assert line != LINE
    with pytest.raises(ValueError, match=r".+") as refused:
        parse_command(line)
    assert TOKEN not in str(refused.value)


def test_what_an_endpoint_says_is_shown_without_our_headers():
    said = f"no user for Bearer {TOKEN} ({TOKEN})"
    assert EXCHANGE.without_secrets(said) == "no user for … (…)"


@pytest.mark.parametrize(
    "said",
    [
        b"Bearer " + TOKEN.encode(),
        b'{"Authorization": "Bearer ' + TOKEN.encode() + b'"}',
        b"x" * 60 + b"Bearer " + TOKEN.encode(),
        b"x" * 70 + TOKEN.encode() + b"x",
    ],
)
def test_a_text_that_was_cut_amid_a_token_has_no_part_of_it(said):
    for text in (f"no predictions in {said[:80]!r}", said[:76].decode(), said.decode()):
        shown = EXCHANGE.without_secrets(text)
        assert TOKEN[:5] not in shown


def test_a_token_is_hidden_as_json_and_python_write_it_too():
    token = 'ab"c\\d\u00e9f'
    exchange = EXCHANGE.model_copy(update={"headers": {"X-Key": token}})
    assert [exchange.without_secrets(said) for said in (json.dumps(token), repr(token))] == ['"…"', "'…'"]

"""The bad-input table: requests that every REST server of ours must refuse at once with the right 4xx.

One table for all servers, so that none is more lenient than the others. Use it so:

    @pytest.mark.parametrize("case", cases("flask"), ids=str)
    def test_bad_input(case, server):          # start the server with SERVING_MAX_BODY_BYTES=str(BODY_LIMIT)
        answer = send(server.host, server.port, case)
        assert answer.status in case.allowed("flask")
        assert set(answer.json()) == {"error"}
        assert echoes_little(answer.body)
        assert send(server.host, server.port, GOOD).status == 200   # the next good request succeeds

`cases(server)` and `accepted(server)` leave out what does not apply to a server: TF Serving takes no raw octet-stream
body.
`tfserving` holds the statuses of TF Serving where it deviates from the plain HTTP meaning, `flask` those of Flask as
people deploy it: it takes JSON only, and Python reads integers of any size, which are numbers like any other to a
model of floats.
"""

from __future__ import annotations

import gzip
import http.client
import json
import socket
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MODEL = "digits_cnn"
PREDICT = f"/v1/models/{MODEL}:predict"
BODY_LIMIT = 64 * 1024
"""Bytes: what SERVING_MAX_BODY_BYTES must be for this table."""
TIMEOUT_S = 10.0
"""A refusal that needs longer is a hang, and a failure."""

JSON_TYPE = {"Content-Type": "application/json"}
RAW_TYPE = {"Content-Type": "application/octet-stream"}
IMAGE = [[[0.5] for _ in range(28)] for _ in range(28)]
ALL_SERVERS = frozenset({"flask", "flask-tuned", "torchserve", "tfserving"})
OURS = frozenset({"flask", "flask-tuned", "torchserve"})
UNPACKS = frozenset({"flask", "flask-tuned", "tfserving"})
LONG = "Q" * 3000
"""A client's own text, of a letter that no error has otherwise; short enough for a header."""
MOST_ECHOED = 200
TFSERVING_ONLY = frozenset({"tfserving"})


@dataclass(frozen=True)
class Case:
    """One request. `statuses`: the ones allowed in answer; `chunked`: sent without Content-Length."""

    name: str
    statuses: tuple[int, ...]
    body: bytes = b""
    path: str = PREDICT
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=lambda: JSON_TYPE)
    chunked: bool = False
    tfserving: tuple[int, ...] = ()
    flask: tuple[int, ...] = ()
    servers: frozenset[str] = ALL_SERVERS

    def __str__(self) -> str:
        return self.name

    def allowed(self, server: str) -> tuple[int, ...]:
        """The statuses that this server may answer."""
        own = {"tfserving": self.tfserving, "flask": self.flask}.get(server)
        return own or self.statuses


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def _instances(value: object) -> bytes:
    return json.dumps({"instances": value}).encode()


def _with_pixel(literal: str) -> bytes:
    """A good body but for one pixel, written as the given JSON text."""
    return _instances([IMAGE]).replace(b"0.5", literal.encode(), 1)


def _ragged() -> list[Any]:
    image = json.loads(json.dumps(IMAGE))
    image[3].append(image[4].pop())
    return [image]


def _swapped_depth() -> list[Any]:
    """784 numbers and the right count of brackets, but two of the innermost lists moved into one another."""
    image = json.loads(json.dumps(IMAGE))
    image[0][0], image[0][1] = [[0.5]], 0.5
    return [image]


GOOD = Case("good", (200,), _instances([IMAGE]))
RAW_GOOD = bytes(28 * 28 * 4)


def _raw(name: str, statuses: tuple[int, ...], shape: str | None, body: bytes) -> Case:
    headers = RAW_TYPE | ({} if shape is None else {"X-Tensor-Shape": shape})
    return Case(name, statuses, body, headers=headers, flask=(415,), servers=OURS)


def _b64(data: bytes) -> dict[str, str]:
    return {"b64": b64encode(data).decode()}


def _in_bytes(*rows: object) -> bytes:
    """A request to the signature that takes rows as bytes."""
    return json.dumps({"signature_name": "serving_bytes", "instances": rows}).encode()


def _base64(name: str, *rows: object, servers: frozenset[str] = ALL_SERVERS) -> Case:
    return Case(name, (400,), _in_bytes(*rows), servers=servers)


GZIP = JSON_TYPE | {"Content-Encoding": "gzip"}


def _packed(name: str, status: int, body: bytes) -> Case:
    return Case(name, (status,), body, headers=GZIP, servers=UNPACKS)


NAN = b"\x00\x00\xc0\x7f" * 784

ACCEPTED: tuple[Case, ...] = (
    GOOD,
    Case("integers", (200,), _instances([[[[1] for _ in range(28)] for _ in range(28)]])),
    Case("integers and floats mixed", (200,), _with_pixel("1")),
    Case("exponent", (200,), _with_pixel("5e-1")),
    Case("whitespace", (200,), json.dumps({"instances": [IMAGE]}, indent=1).encode()),
    Case("chunked", (200,), _instances([IMAGE]), chunked=True),
    Case("base64", (200,), _in_bytes(_b64(RAW_GOOD))),
    Case("base64 by the input's name", (200,), _in_bytes({"image_bytes": _b64(RAW_GOOD)})),
    Case("gzip", (200,), gzip.compress(GOOD.body), headers=JSON_TYPE | {"Content-Encoding": "gzip"}, servers=UNPACKS),
    Case("no encoding, by name", (200,), GOOD.body, headers=JSON_TYPE | {"Content-Encoding": "identity"}),
    Case("charset in content type", (200,), GOOD.body, headers={"Content-Type": "application/json; charset=utf-8"}),
)
"""Unusual requests that are right all the same; each answer holds one row of predictions."""

REFUSED: tuple[Case, ...] = (
    Case("malformed JSON", (400,), b'{"instances": [[['),
    Case("empty body", (400,), b""),
    Case("two JSON documents", (400,), GOOD.body + GOOD.body),
    Case("comma at the end", (400,), GOOD.body[:-1] + b",}"),
    Case("body is an array", (400,), b"[1, 2, 3]"),
    Case("body is a number", (400,), b"1"),
    Case("body is null", (400,), b"null"),
    Case("no instances", (400,), b'{"something": 1}'),
    Case("empty object", (400,), b"{}"),
    Case("both instances and inputs", (400,), json.dumps({"instances": [IMAGE], "inputs": [IMAGE]}).encode()),
    Case("instances is null", (400,), b'{"instances": null}'),
    Case("instances is a number", (400,), b'{"instances": 1}'),
    Case("instances is a string", (400,), b'{"instances": "abc"}'),
    Case("instances is an object", (400,), _instances({"image": IMAGE})),
    Case("empty batch", (400,), _instances([])),
    Case("empty batch of columns", (400,), b'{"inputs": []}'),
    Case("empty row", (400,), _instances([[]])),
    Case("row without its batch", (400,), _instances(IMAGE)),
    Case("one rank too many", (400,), _instances([[IMAGE]])),
    Case("flat row", (400,), _instances([[0.5] * 784])),
    Case("wrong size", (400,), _instances([[[[0.5]] * 27] * 28])),
    Case("transposed size", (400,), _instances([[[[0.5]] * 784]])),
    Case("ragged rows", (400,), _instances(_ragged())),
    Case("ragged batch", (400,), _instances([IMAGE, IMAGE[:27]])),
    Case("number where a list belongs", (400,), _instances(_swapped_depth())),
    Case("rows of two kinds", (400,), _instances([IMAGE, {"image": IMAGE}])),
    Case("unknown input name", (400,), _instances([{"picture": IMAGE}])),
    Case("unknown input name of columns", (400,), json.dumps({"inputs": {"picture": [IMAGE]}}).encode()),
    Case("one input name too many", (400,), _instances([{"image": IMAGE, "picture": IMAGE}])),
    Case("string for a number", (400,), _with_pixel('"0.5"')),
    Case("base64 for a number", (400,), _with_pixel('{"b64": "AAAA"}')),
    Case("boolean for a number", (400,), _with_pixel("true")),
    Case("null for a number", (400,), _with_pixel("null")),
    Case("NaN", (400,), _with_pixel("NaN")),
    Case("Infinity", (400,), _with_pixel("Infinity")),
    Case("-Infinity", (400,), _with_pixel("-Infinity")),
    Case("overflow of float64", (400,), _with_pixel("1e400")),
    Case("overflow of float32", (400,), _with_pixel("1e39")),
    Case("integer over 64 bits", (400,), _with_pixel(str(2**64)), flask=(200,)),
    Case("integer over 64 bits, negative", (400,), _with_pixel(str(-(2**63) - 1)), flask=(200,)),
    Case("integer of 400 digits", (400,), _with_pixel("1" * 400)),
    Case("integer of 5,000 digits", (400,), _with_pixel("1" * 5000)),
    Case("65 nested lists", (400,), b'{"instances": ' + b"[" * 65 + b"1" + b"]" * 65 + b"}"),
    Case("65 nested lists of columns", (400,), b'{"inputs": ' + b"[" * 65 + b"1" + b"]" * 65 + b"}"),
    Case("65 nested lists by name", (400,), b'{"instances": [{"image": ' + b"[" * 64 + b"1" + b"]" * 64 + b"}]}"),
    Case("deep nesting", (400,), b'{"instances": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
    Case("deep nesting, not closed", (400,), b"[" * 50_000),
    Case("invalid UTF-8", (400,), b'{"instances": "\xff\xfe"}'),
    Case("unknown signature", (400, 404), GOOD.body[:-1] + b', "signature_name": "nope"}', tfserving=(400, 404, 412)),
    Case("signature is not a string", (400,), GOOD.body[:-1] + b', "signature_name": 1}'),
    Case("body over the limit", (413,), _instances([IMAGE] * 20)),
    Case("chunked body over the limit", (413,), _instances([IMAGE] * 20), chunked=True),
    Case("wrong content type", (415,), GOOD.body, headers={"Content-Type": "image/png"}),
    Case("text for a content type", (415,), GOOD.body, headers={"Content-Type": "text/plain"}),
    Case("encoded by brotli", (415,), GOOD.body, headers=JSON_TYPE | {"Content-Encoding": "br"}),
    Case("encoded twice", (415,), GOOD.body, headers=JSON_TYPE | {"Content-Encoding": "gzip, br"}),
    _packed("gzip that is none", 400, GOOD.body),
    _packed("gzip cut short", 400, gzip.compress(GOOD.body)[:-9]),
    _packed("gzip and something else", 400, gzip.compress(GOOD.body) + b"{}"),
    _packed("gzip of nothing", 400, gzip.compress(b"")),
    _packed("gzip of a body over the limit", 413, gzip.compress(bytes(50 * BODY_LIMIT))),
    Case("gzip where it is not unpacked", (415,), gzip.compress(GOOD.body), headers=GZIP, servers=OURS - UNPACKS),
    Case("long signature", (400, 404), GOOD.body[:-1] + b', "signature_name": "%b"}' % LONG.encode()),
    Case("long input name", (400,), _instances([{LONG: IMAGE}])),
    Case("many input names", (400,), _instances([{f"{LONG[:50]}{n}": 0 for n in range(100)}])),
    Case("long input name of columns", (400,), json.dumps({"inputs": {LONG: [IMAGE]}}).encode()),
    Case("long string for a number", (400,), _with_pixel(f'"{LONG}"')),
    Case("long string for the rows", (400,), json.dumps({"instances": LONG}).encode()),
    Case("long string for base64", (400,), _instances([{"b64": LONG}])),
    Case("long strings in deep lists", (400,), _instances([[[[[[[[[[LONG]]]]]]]]] * 3])),
    Case("long content type", (415,), GOOD.body, headers={"Content-Type": f"text/{LONG}"}),
    Case("long content encoding", (415,), GOOD.body, headers=JSON_TYPE | {"Content-Encoding": LONG}),
    Case("long method", (400, 404, 405, 501), GOOD.body, method=LONG[:1000]),
    Case("long unknown model", (404,), GOOD.body, path=f"/v1/models/{LONG}:predict"),
    Case("long version", (400, 404), GOOD.body, path=f"/v1/models/{MODEL}/versions/{LONG}:predict"),
    Case("long unknown path", (404,), GOOD.body, path=f"/{LONG}", tfserving=(400, 404)),
    Case("unknown model", (404,), GOOD.body, path="/v1/models/nope:predict"),
    Case("unknown version", (404,), GOOD.body, path=f"/v1/models/{MODEL}/versions/7:predict"),
    Case("version is not a number", (400, 404), GOOD.body, path=f"/v1/models/{MODEL}/versions/x:predict"),
    Case("unknown path", (404,), GOOD.body, path="/v2/nothing", tfserving=(400, 404)),
    Case("unknown method of a model", (404,), GOOD.body, path=f"/v1/models/{MODEL}:explode", tfserving=(400, 404)),
    Case("status of an unknown model", (404,), path="/v1/models/nope", method="GET"),
    Case("wrong method", (405,), path=PREDICT, method="GET", tfserving=(400, 405)),
    Case("wrong method, with a body", (405,), GOOD.body, method="PUT", tfserving=(400, 405)),
    _raw("raw body without a shape", (400,), None, RAW_GOOD),
    _raw("raw body, empty shape", (400,), "", RAW_GOOD),
    _raw("raw body, shape of words", (400,), "one,28,28,1", RAW_GOOD),
    _raw("raw body, long shape", (400,), LONG, RAW_GOOD),
    _raw("raw body, shape of too many sizes", (400,), ",".join(["28"] * 900), RAW_GOOD),
    _raw("raw body, negative batch", (400,), "-1,28,28,1", RAW_GOOD),
    _raw("raw body, empty batch", (400,), "0,28,28,1", b""),
    _raw("raw body, shapes of several tensors", (400,), "image=1,28,28,1;mask=1,28", RAW_GOOD),
    _raw("raw body, shape with a name", (400,), "image=1,28,28,1", RAW_GOOD),
    _raw("raw body, wrong rank", (400,), "1,784", RAW_GOOD),
    _raw("raw body, wrong size", (400,), "1,28,14,2", RAW_GOOD),
    _raw("raw body shorter than its shape", (400,), "1,28,28,1", RAW_GOOD[:-4]),
    _raw("raw body longer than its shape", (400,), "1,28,28,1", RAW_GOOD + bytes(4)),
    _raw("raw body, half a number", (400,), "1,28,28,1", RAW_GOOD[:-1]),
    _raw("raw body, huge shape", (400,), "99999999999999999999,28,28,1", RAW_GOOD),
    _raw("raw body of NaN", (400,), "1,28,28,1", NAN),
    _base64("base64 that is none", {"b64": "no base64!"}),
    _base64("base64 cut short", {"b64": _b64(RAW_GOOD)["b64"][:-3]}),
    _base64("base64 beyond ASCII", {"b64": "\u00e4" * 4184}),
    _base64("base64 of nothing", _b64(b"")),
    _base64("base64 of a row too short", _b64(RAW_GOOD[:-4])),
    _base64("base64 of a row too long", _b64(RAW_GOOD + bytes(4))),
    _base64("base64 of half a number", _b64(RAW_GOOD[:-1])),
    _base64("base64 of two rows in one", _b64(RAW_GOOD * 2)),
    _base64("base64 of one row in two", _b64(RAW_GOOD[:1568]), _b64(RAW_GOOD[1568:])),
    _base64("base64 of rows of two sizes", _b64(RAW_GOOD), _b64(RAW_GOOD[:-4])),
    _base64("base64 and numbers", _b64(RAW_GOOD), IMAGE),
    _base64("numbers and base64", IMAGE, _b64(RAW_GOOD)),
    _base64("numbers where base64 belongs", IMAGE),
    _base64("base64 that is a number", {"b64": 5}),
    _base64("base64 that is null", {"b64": None}),
    _base64("base64 in a list", [_b64(RAW_GOOD)]),
    _base64("base64 with another key", _b64(RAW_GOOD) | {"image": IMAGE}),
    _base64("base64 by an unknown name", {"picture_bytes": _b64(RAW_GOOD)}),
    _base64("base64 by the other signature's name", {"image": _b64(RAW_GOOD)}),
    _base64("base64 of NaN", _b64(NAN), servers=OURS),
    Case("base64 without its signature", (400,), _instances([_b64(RAW_GOOD)]), servers=TFSERVING_ONLY),
)


def cases(server: str) -> list[Case]:
    """The refused requests that apply to one server: flask, flask-tuned, torchserve or tfserving."""
    return [case for case in REFUSED if server in case.servers]


def accepted(server: str) -> list[Case]:
    """The unusual good requests that apply to one server."""
    return [case for case in ACCEPTED if server in case.servers]


def echoes_little(body: bytes) -> bool:
    """Whether an error repeats at most MOST_ECHOED characters of LONG."""
    return body.count(b"Q") <= MOST_ECHOED


def send(host: str, port: int, case: Case, timeout_s: float = TIMEOUT_S) -> Answer:
    """Send one request over a connection of its own and read the answer.

    A server may refuse a body before it has read it all, so an error while sending is no error yet: the answer
    decides. TimeoutError if none comes in time.
    """
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        body: bytes | Iterable[bytes] = _chunks(case.body) if case.chunked else case.body
        try:
            connection.request(case.method, case.path, body, dict(case.headers), encode_chunked=case.chunked)
        except (BrokenPipeError, ConnectionResetError):
            return _answer_of(connection)
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers), response.read())
    finally:
        connection.close()


def _chunks(body: bytes, size: int = 8192) -> Iterable[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def _answer_of(connection: http.client.HTTPConnection) -> Answer:
    """The answer that a server sent before it closed its reading side."""
    assert isinstance(connection.sock, socket.socket)
    response = http.client.HTTPResponse(connection.sock)
    response.begin()
    return Answer(response.status, dict(response.headers), response.read())

"""The requests of an attached endpoint as the load generator sends them, and what it knows of their answers."""

import re
from dataclasses import dataclass
from typing import Final

from serveoff.loadtests.attached.dialects import Dialect, dialect
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.paths import sendable
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.pools import Pool
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch

JSON: Final = {"Content-Type": "application/json"}
DEFAULT_PORTS: Final = {False: 80, True: 443}
"""Of HTTP, without and with TLS."""
NOTHING: Final = ModelSpec(name="attached", description="little is known of it", inputs=(), outputs=())

_KEY = re.compile(r"(?!.*-bin$)[a-z0-9_.-]+")
_PRINTABLE = re.compile(r"[\x20-\x7e]+")


@dataclass
class Made:
    """A payload whose requests were made beforehand; answers are read by the endpoint's dialect."""

    kind: str
    method: str
    dialect: Dialect
    answer: str

    def encode(self, spec: ModelSpec, batch: Batch) -> bytes:
        """ValueError: there are no others."""
        raise ValueError("requests of an attached endpoint are made beforehand")

    def decode(self, answer: bytes, rows: int, spec: ModelSpec) -> Batch:
        """The reading of an answer."""
        return self.dialect.read(answer, self.answer)


def pool_of(exchange: Exchange) -> Pool:
    """All requests of an exchange; ValueError where their answers are not known."""
    asked, bodies = dialect(exchange.dialect), list(exchange.bodies)
    payload = Made(asked.kind, asked.method, asked, exchange.answer)
    headers: list[dict[str, str]] = [{} for _ in bodies]  # their heads are the driver's to make
    lengths, shown = list(map(len, bodies)), exchange.without_secrets
    known = NOTHING.model_copy(update={"outputs": exchange.tensors})
    right, most_bytes = exchange.readings, exchange.answer_bytes
    return Pool(payload, known, bodies, headers, lengths, right, exchange.encode_s, shown, most_bytes)


def headers_of(target: Target, exchange: Exchange) -> dict[str, str]:
    """Of REST requests, but for their length; what the exchange says goes before what is usual."""
    usual = {"Host": host_of(target, exchange), "User-Agent": "serveoff", "Accept": "*/*"} | JSON
    given = {name.lower() for name in exchange.headers}
    return {name: value for name, value in usual.items() if name.lower() not in given} | exchange.headers


def metadata_of(exchange: Exchange) -> tuple[tuple[str, str], ...]:
    """Of gRPC calls, whose names have no capitals; ValueError where gRPC would refuse one, and show all of them."""
    for name, value in exchange.headers.items():
        if not _KEY.fullmatch(name.lower()) or not _PRINTABLE.fullmatch(value):
            raise ValueError(f"{name} is not metadata that gRPC can send: its value has to be plain ASCII text")
    return tuple((name.lower(), value) for name, value in exchange.headers.items())


def head_of(target: Target, exchange: Exchange, length: int) -> bytes:
    """All that goes before a body of so many bytes."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers_of(target, exchange).items())
    return f"POST {sendable(target.path)} HTTP/1.1\r\n{lines}Content-Length: {length}\r\n\r\n".encode("latin-1")


def host_of(target: Target, exchange: Exchange) -> str:
    """As a `Host` header says it: without the port that goes without saying."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == DEFAULT_PORTS[exchange.tls] else f"{host}:{target.port}"

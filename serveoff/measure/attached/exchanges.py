"""All requests of an attached endpoint, made before anything is sent, and where they go."""

import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from serveoff.errors import UsageError
from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.reading import as_read
from serveoff.loadtests.attached.requests import DEFAULT_PORTS
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.loads import POOL_BYTES
from serveoff.measure.attached.samples import Samples
from serveoff.measure.attached.urls import HOST, JSON, split
from serveoff.record.attached import AttachedEndpoint

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")


def target_of(endpoint: AttachedEndpoint, model: str) -> Target:
    """Where its requests go."""
    url, speaks = split(endpoint.url), dialect(endpoint.dialect)
    path = speaks.path(url.path or "/") + (f"?{url.query}" if url.query else "")
    port = url.port or DEFAULT_PORTS[is_tls(endpoint)]
    return Target(endpoint.name, speaks.protocol, url.hostname or "", port, model, "", path)


def is_tls(endpoint: AttachedEndpoint) -> bool:
    """Whether its connections are encrypted."""
    return endpoint.url.partition("://")[0].endswith("s")


def fitting(endpoints: Sequence[AttachedEndpoint], samples: Samples) -> Samples:
    """As many of the samples, evenly apart and one at least, as any endpoint's requests have room for: POOL_BYTES."""
    if samples.bodies:
        return samples
    largest = max(len(_encoded(endpoint, samples, 0)) for endpoint in endpoints)
    return samples.spread(max(1, POOL_BYTES // largest))


def exchange_of(endpoint: AttachedEndpoint, samples: Samples) -> Exchange:
    """A request of every sample; UsageError where its API cannot carry them, or a secret is missing."""
    _check(endpoint, samples)
    _check_template(endpoint, samples)
    headers = {name: _filled_in(endpoint.name, text) for name, text in endpoint.headers.items()}
    began = time.perf_counter()
    bodies = tuple(samples.bodies or (_encoded(endpoint, samples, number) for number in range(samples.count)))
    return _exchange(
        endpoint.name,
        dialect=endpoint.dialect,
        answer=endpoint.answer,
        bodies=bodies,
        tensors=as_read(samples.tensors),
        headers=headers,
        encode_s=0.0 if samples.bodies else (time.perf_counter() - began) / len(bodies),
        tls=is_tls(endpoint),
        ca_pem=_pem(endpoint),
        server_name=_server_name(headers) or split(endpoint.url).hostname or "",
        pace_s=1 / endpoint.max_rate if endpoint.max_rate else 0.0,
    )


def _exchange(name: str, **fields: Any) -> Exchange:
    try:
        return Exchange(**fields)
    except ValidationError as error:
        said = error.errors(include_input=False)[0]["msg"].removeprefix("Value error, ")
        raise UsageError(f"{name}: {said}", "docs/attach.md; a file that a header's value is in has one line") from None


def _check(endpoint: AttachedEndpoint, samples: Samples) -> None:
    if samples.bodies and dialect(endpoint.dialect).protocol == "grpc":
        raise UsageError(
            f"{endpoint.name} speaks gRPC, and the samples are JSON bodies", "give a .npz, or a URL of REST"
        )
    if endpoint.dialect == JSON and not samples.bodies and not endpoint.template:
        raise UsageError(
            f"{endpoint.name}: nothing says what requests to {endpoint.url} look like",
            "give a request template in a file of endpoints (--urls FILE, docs/attach.md), or --samples BODIES.jsonl",
        )


def _check_template(endpoint: AttachedEndpoint, samples: Samples) -> None:
    if not endpoint.template:
        return
    if endpoint.dialect != JSON:
        raise UsageError(
            f"{endpoint.name}: the {endpoint.dialect} dialect writes requests by itself, and request is a template",
            f'leave out request: only dialect = "{JSON}" takes one',
        )
    if samples.bodies:
        raise UsageError(
            f"{endpoint.name}: request is a template, and the samples are whole bodies, sent as they are",
            "leave out request, or give a .npz of inputs",
        )


def _encoded(endpoint: AttachedEndpoint, samples: Samples, number: int) -> bytes:
    speaks = dialect(endpoint.dialect)
    try:
        return speaks.encode(speaks.model(split(endpoint.url).path), samples.row(number), endpoint.template)
    except ValueError as error:
        raise UsageError(f"{endpoint.name}: sample {number} cannot be sent: {error}", "docs/attach.md") from None


def _filled_in(name: str, text: str) -> str:
    """A header's value with its variables, or a file's content, in it."""
    if text.startswith("@"):
        try:
            return Path(text[1:]).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{name}: cannot read {text[1:]}: {error}", "a header's value is in it") from None

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise UsageError(f"{name}: the variable {found[1]} is not set", f"a header of it has {text!r}")
        return os.environ[found[1]].strip()

    return _VARIABLE.sub(value, text)


def _server_name(headers: Mapping[str, str]) -> str:
    """The host of a `Host` header, which an ingress has the certificate of; empty where there is no such header."""
    host = next((value for name, value in headers.items() if name.lower() == HOST), "")
    return re.sub(r":\d+$", "", host).strip("[]")


def _pem(endpoint: AttachedEndpoint) -> str:
    if not endpoint.ca_file:
        return ""
    try:
        return Path(endpoint.ca_file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{endpoint.name}: cannot read {endpoint.ca_file}: {error}", "name a PEM file: --ca-file"
        ) from None

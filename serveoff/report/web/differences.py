"""What was not the same in two runs: machine, settings, versions, artifacts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.settings import RunSettings
from serveoff.record.suite import Suite

NONE: Final = "–"
NOT_SETTINGS: Final = ("endpoints", "seed", "profile")
"""What was chosen, how it was drawn, and a mere name: none of them changes what one request costs."""


@dataclass(frozen=True)
class Difference:
    """One thing that differs, as text."""

    what: str
    a: str
    b: str


def differences(a: Suite, b: Suite) -> list[Difference]:
    """Everything that differs, what weighs most first."""
    found = (*_machine(a, b), *_settings(a.settings, b.settings), *_code(a, b), *_served(a, b))
    return [difference for difference in found if difference.a != difference.b]


def _machine(a: Suite, b: Suite) -> Iterator[Difference]:
    one, other = a.environment.machine, b.environment.machine
    yield Difference("machine", *(f"{m.id}: {m.cpu_model}, {m.cores} cores" for m in (one, other)))
    yield Difference("system", one.system, other.system)
    yield Difference("accelerators", *(_text(m.accelerators) for m in (one, other)))
    yield Difference("container engine", *(_text(s.environment.engine) for s in (a, b)))


def _settings(a: RunSettings, b: RunSettings) -> Iterator[Difference]:
    for name in RunSettings.model_fields:
        if name not in NOT_SETTINGS:
            yield Difference(_spelled_out(name), _text(getattr(a, name)), _text(getattr(b, name)))


def _code(a: Suite, b: Suite) -> Iterator[Difference]:
    commits = ((s.environment.git_commit or "")[:12] + ("+" if s.environment.git_dirty else "") for s in (a, b))
    yield Difference("serveoff's commit", *(commit or NONE for commit in commits))
    versions = a.environment.versions, b.environment.versions
    for name in dict.fromkeys((*versions[0], *versions[1])):
        yield Difference(name, *(known.get(name, NONE) for known in versions))


def _served(a: Suite, b: Suite) -> Iterator[Difference]:
    """Artifacts, requests, devices and images, where both runs have the endpoint: each thing once."""
    one, other = ({e.endpoint: e for e in suite.endpoints} for suite in (a, b))
    found: dict[str, Difference] = {}
    for x, y in ((one[name], other[name]) for name in one if name in other):
        for difference in _of_endpoint(x, y):
            if difference.a != difference.b:
                found.setdefault(difference.what, difference)
    yield from sorted(found.values(), key=lambda difference: difference.what)


def _of_endpoint(a: EndpointResult, b: EndpointResult) -> Iterator[Difference]:
    images = (e.container.image_digest if e.container else None for e in (a, b))
    yield Difference(f"artifact {a.format}", *((e.artifact_sha256 or NONE)[:12] for e in (a, b)))
    yield Difference(f"bytes of one {a.payload} request", _text(a.request_bytes), _text(b.request_bytes))
    yield Difference(f"device of {a.deployment}", _text(a.device), _text(b.device))
    yield Difference(f"image of {a.deployment}", *((image or NONE).removeprefix("sha256:")[:12] for image in images))


def _spelled_out(name: str) -> str:
    stem = name.removesuffix("_s").removesuffix("_ms").replace("_", " ")
    unit = ", ms" if name.endswith("_ms") else ", s" if name.endswith("_s") else ""
    return f"{stem}{unit}"


def _text(value: object) -> str:
    if value is None or value in ("", []):
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)

"""What was not the same in two runs: machine, settings, versions, artifacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.settings import RunSettings
from serveoff.record.suite import Suite
from serveoff.report.phrases.names import each_once

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
    """Everything that differs, what weighs most first; of what was served, where both runs have the endpoint."""
    names = {e.endpoint for e in a.endpoints} & {e.endpoint for e in b.endpoints}
    one, other = (_known(suite) | _served([e for e in suite.endpoints if e.endpoint in names]) for suite in (a, b))
    found = (Difference(what, one.get(what, NONE), other.get(what, NONE)) for what in dict.fromkeys((*one, *other)))
    return [difference for difference in found if difference.a != difference.b]


def _known(suite: Suite) -> dict[str, str]:
    environment, machine = suite.environment, suite.environment.machine
    commit = (environment.git_commit or "")[:12] + ("+" if environment.git_dirty else "")
    settings = {n: getattr(suite.settings, n) for n in RunSettings.model_fields if n not in NOT_SETTINGS}
    return {
        "machine": f"{machine.id}: {machine.cpu_model}, {machine.cores_said}",
        "system": machine.system,
        "accelerators": each_once(machine.accelerators) or NONE,
        "container engine": _text(environment.engine),
        **{_spelled_out(name): _text(value) for name, value in settings.items()},
        "serveoff's commit": commit or NONE,
        **suite.versions,
    }


def _served(results: Sequence[EndpointResult]) -> dict[str, str]:
    """Artifacts, requests, devices and images, each thing once."""
    found: dict[str, str] = {}
    for result in results:
        image = result.container.image_digest if result.container else ""
        found |= {
            f"artifact {result.format}": (result.artifact_sha256 or NONE)[:12],
            f"bytes of one {result.payload} request": _text(result.request_bytes),
            f"device of {result.deployment}": _text(result.device),
            f"image of {result.deployment}": (image or NONE).removeprefix("sha256:")[:12],
        }
    return found


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

"""Variants: a deployment once more with one setting changed, measured in the same run as the deployment itself."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from serveoff.errors import UsageError
from serveoff.models.quality.precision import FORMATS_IN
from serveoff.record.endpoint_results import OUT_OF_THE_BOX, PRECISION
from serveoff.record.settings import RunSettings
from serveoff.services.registry import Deployment

VARIABLES: Final[Mapping[str, str]] = {
    "workers": "WORKERS",
    "threads": "THREADS_PER_WORKER",
    "intra_op": "INTRA_OP_THREADS",
    "batching": "BATCH_SIZE",
    "precision": "PRECISION",
}
"""What can be varied, and the variable of docker-compose.yml that says it."""
BATCH_DELAY_MS: Final = "1"
"""How long a batch may wait to fill."""
DEFAULTS: Final[Mapping[str, str]] = {"OUT_OF_THE_BOX": "1", "INTRA_OP_THREADS": "0", "THREADS_PER_WORKER": "0"}
"""Each server as it comes: 0 leaves the number of threads to the framework or the server."""
UNVARIED: Final = ("inprocess",)
_NUMBER: Final = re.compile("[0-9]{1,4}")
REPORTED_BY: Final = ("flask", "flask-tuned")
"""Servers that say which precision they compute in."""
LOWER: Final = (
    "precision=int8@flask-tuned-onnx",
    "precision=bfloat16@flask-tuned-torchscript",
    "precision=bfloat16@flask-torch-eager",
)
"""Lower precisions, measured beside the deployments that they come from in every run that has ONNX on a CPU."""


@dataclass(frozen=True)
class Variation:
    """One setting, its values, and the deployments to vary, by name or pattern; none: all that serve a model.

    As text: `workers=2,4`, `batching=8@flask-*`, `precision=int8`, `defaults`.
    """

    setting: str
    values: tuple[str, ...]
    deployments: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As `parse_variation` reads it."""
        what = self.setting + (f"={','.join(self.values)}" if self.values else "")
        return what + (f"@{'+'.join(self.deployments)}" if self.deployments else "")


def parse_variation(text: str) -> Variation:
    """The variation that a text stands for; UsageError says what can be varied."""
    what, _, where = text.partition("@")
    setting, _, values = what.partition("=")
    deployments = tuple(filter(None, where.split("+")))
    if setting == OUT_OF_THE_BOX and not values:
        return Variation(OUT_OF_THE_BOX, (), deployments)
    chosen = tuple(dict.fromkeys(values.split(",")))
    if setting not in VARIABLES or not all(_is_value(setting, value) for value in chosen):
        numbers = (f"{name}=N,N" for name in VARIABLES if name != PRECISION)
        known = ", ".join((*numbers, f"{PRECISION}={','.join(FORMATS_IN)}", OUT_OF_THE_BOX))
        raise UsageError(f"{text!r} is not a variation", f"write one of {known}; after @, patterns of deployments")
    return Variation(setting, chosen, deployments)


def variations_of(settings: RunSettings) -> list[Variation]:
    """What a run varies: what it was asked to, and lower precisions, which it measures unasked where it has ONNX."""
    lower = LOWER if "onnx" in settings.extra and settings.device == "cpu" else ()
    return [parse_variation(text) for text in (*settings.vary, *lower)]


def _is_value(setting: str, value: str) -> bool:
    if setting == PRECISION:
        return value in FORMATS_IN
    return _NUMBER.fullmatch(value) is not None and 1 <= int(value) <= 1024


def vary(registry: Sequence[Deployment], variations: Iterable[Variation]) -> list[Deployment]:
    """The variants of deployments that serve a model, each once, in the registry's order within each variation."""
    made = [
        _variant(deployment, variation, value)
        for variation in variations
        for deployment in _varied(registry, variation)
        for value in variation.values or ("",)
        if variation.setting != PRECISION or _computes_in(deployment, value)
    ]
    return list({variant.name: variant for variant in made}.values())


def check_variations(registry: Sequence[Deployment], variations: Iterable[Variation]) -> None:
    """UsageError for one that matches no deployment."""
    for variation in variations:
        if not _varied(registry, variation):
            raise UsageError(
                f"no deployment to vary is called {'+'.join(variation.deployments)!r}", "see: serveoff list"
            )


def changes(variation: Variation, value: str) -> dict[str, str]:
    """The variables that one variant changes."""
    if variation.setting == OUT_OF_THE_BOX:
        return dict(DEFAULTS)
    changed = {VARIABLES[variation.setting]: value}
    return {**changed, "BATCH_DELAY_MS": BATCH_DELAY_MS} if variation.setting == "batching" else changed


def _varied(registry: Sequence[Deployment], variation: Variation) -> list[Deployment]:
    able = [d for d in registry if d.batches or variation.setting != "batching"]
    if variation.setting == PRECISION:
        able = [d for d in registry if any(_computes_in(d, value) for value in variation.values)]
    return [d for d in able if d.server not in UNVARIED and d.format != "null" and _named(d, variation)]


def _computes_in(deployment: Deployment, precision: str) -> bool:
    return deployment.server in REPORTED_BY and deployment.format in FORMATS_IN[precision]


def _named(deployment: Deployment, variation: Variation) -> bool:
    names = (deployment.name, deployment.service)
    return not variation.deployments or any(fnmatchcase(n, p) for n in names for p in variation.deployments)


def _variant(deployment: Deployment, variation: Variation, value: str) -> Deployment:
    label = f"{variation.setting}={value}" if value else variation.setting
    suffix = f".{variation.setting}-{value}" if value else f".{variation.setting}"
    changed = changes(variation, value)
    return replace(
        deployment,
        name=deployment.name + suffix,
        service=deployment.service + suffix,
        environment={**deployment.environment, **{f"SERVING_{name}": text for name, text in changed.items()}},
        variant=label,
        base=deployment.service,
        changes=changed,
    )

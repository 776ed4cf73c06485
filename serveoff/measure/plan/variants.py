"""Variants: a deployment once more with one setting changed, measured in the same run as the deployment itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from serveoff.errors import UsageError
from serveoff.record.endpoint_results import OUT_OF_THE_BOX
from serveoff.services.registry import Deployment

VARIABLES: Final[Mapping[str, str]] = {
    "workers": "WORKERS",
    "threads": "THREADS_PER_WORKER",
    "intra_op": "INTRA_OP_THREADS",
    "batching": "BATCH_SIZE",
}
"""What can be varied, and the variable of docker-compose.yml that says it."""
BATCH_DELAY_MS: Final = "1"
"""How long a batch may wait to fill."""
DEFAULTS: Final[Mapping[str, str]] = {"OUT_OF_THE_BOX": "1", "INTRA_OP_THREADS": "0", "THREADS_PER_WORKER": "0"}
"""Each server as it comes: 0 leaves the number of threads to the framework or the server."""
UNVARIED: Final = ("inprocess",)


@dataclass(frozen=True)
class Variation:
    """One setting, its values, and the deployments to vary, by name or pattern; none: all that serve a model.

    As text: `workers=2,4`, `batching=8@flask-*`, `defaults`.
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
    numbers = tuple(dict.fromkeys(values.split(",")))
    if setting not in VARIABLES or not all(n.isdecimal() and 1 <= int(n) <= 1024 for n in numbers):
        known = ", ".join((*(f"{name}=N,N" for name in VARIABLES), OUT_OF_THE_BOX))
        raise UsageError(f"{text!r} is not a variation", f"write one of {known}; after @, patterns of deployments")
    return Variation(setting, numbers, deployments)


def vary(registry: Sequence[Deployment], variations: Iterable[Variation]) -> list[Deployment]:
    """The variants of deployments that serve a model, in the registry's order within each variation."""
    return [
        _variant(deployment, variation, value)
        for variation in variations
        for deployment in _varied(registry, variation)
        for value in variation.values or ("",)
    ]


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
    return [d for d in able if d.server not in UNVARIED and d.format != "null" and _named(d, variation)]


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

"""Call `python -m serveoff.models import` with the flags of `serveoff import`, which are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from serveoff.measure.artifacts import run_models


@dataclass(frozen=True)
class Flags:
    """Flags that are given once, flags that are given for each input, and whether to replace a model."""

    once: Mapping[str, str]
    repeated: Mapping[str, Sequence[str]]
    force: bool


def run_import(source: str, flags: Flags) -> None:
    """Import a model; ArtifactFailure where that failed (it has said why)."""
    # With `=`, since a value may begin with a dash.
    arguments = [f"--{name}={value}" for name, value in flags.once.items() if value]
    arguments += [f"--{name}={value}" for name, values in flags.repeated.items() for value in values]
    run_models("import", source, *arguments, *(["--force"] if flags.force else []))

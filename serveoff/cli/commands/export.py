"""`serveoff export`."""

from __future__ import annotations

from typing import Annotated

import typer

from serveoff.cli.parameters import Model
from serveoff.measure.artifacts import run_models


def export(
    model: Model = "digits_cnn",
    force: Annotated[bool, typer.Option(help="Export even if nothing has changed.")] = False,
) -> None:
    """Train the model and export it to every format, unless nothing has changed."""
    run_models("export", model, *(["--force"] if force else []))

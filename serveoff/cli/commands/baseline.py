"""`serveoff baseline`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serveoff.cli.parameters import RunName
from serveoff.cli.terminal import console


def baseline(run: RunName, file: Annotated[Path, typer.Argument(help="Where to write it.")]) -> None:
    """Store a run's analysis in a file, for `serveoff compare FILE RUN`."""
    from serveoff.cli.compare import store_baseline

    store_baseline(run, file)
    console.print(f"baseline: {file}", highlight=False, markup=False)

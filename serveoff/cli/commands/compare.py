"""`serveoff compare`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from serveoff.errors import ExitCode


def compare(
    a: Annotated[str, typer.Argument(help="A run, or a baseline's file: what was before.")],
    b: Annotated[str, typer.Argument(help="A run, or a baseline's file: what is now.")] = "latest",
    threshold: Annotated[float, typer.Option(min=0, max=100, help="Percent slower that is still no regression.")] = 5,
    different_machines: Annotated[
        bool, typer.Option("--different-machines", help="Compare runs of different machines all the same.")
    ] = False,
) -> None:
    """Compare two runs, as Markdown; exit code 99 where one got slower by more than the noise and the threshold."""
    from serveoff.cli.compare import compare_runs

    if not compare_runs(a, b, threshold / 100, different_machines, Console()):
        sys.exit(ExitCode.REGRESSION)

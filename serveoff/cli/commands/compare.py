"""`serveoff compare`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from serveoff.errors import ExitCode


def compare(
    a: Annotated[str, typer.Argument(help="The earlier run, or a baseline file.")],
    b: Annotated[str, typer.Argument(help="The later run, or a baseline file.")] = "latest",
    threshold: Annotated[float, typer.Option(min=0, max=100, help="Percentage of slowdown to tolerate.")] = 5,
    different_machines: Annotated[
        bool, typer.Option("--different-machines", help="Compare runs even if they are from different machines.")
    ] = False,
) -> None:
    """Compare two runs, as Markdown. Exit code 99: an endpoint got slower by more than noise and threshold."""
    from serveoff.cli.compare import compare_runs

    if not compare_runs(a, b, threshold / 100, different_machines, Console()):
        sys.exit(ExitCode.REGRESSION)

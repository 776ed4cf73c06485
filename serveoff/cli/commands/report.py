"""`serveoff report`."""

from __future__ import annotations

from typing import Annotated

import typer

from serveoff.cli.parameters import RunName
from serveoff.cli.terminal import console
from serveoff.measure.run_lifecycle import find_run


def report(
    run: RunName = "latest",
    formats: Annotated[
        str, typer.Option("--format", "-f", help="Comma-separated: html,markdown,csv,json; tensorboard.")
    ] = "",
) -> None:
    """Write the report of a run again. A run that has changed is analysed again."""
    from serveoff.report.write import write_report

    for path in write_report(find_run(run), tuple(filter(None, formats.split(",")))).paths.values():
        console.print(f"report: {path}", highlight=False, markup=False)

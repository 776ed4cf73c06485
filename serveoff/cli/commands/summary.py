"""`serveoff summary`."""

from __future__ import annotations

from typing import Annotated

import typer

from serveoff.cli.terminal import console


def summary(
    runs: Annotated[list[str], typer.Argument(help="One run of each model: ids, folders, or latest.")],
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Accept runs of different machines, profiles or settings.")
    ] = False,
) -> None:
    """Compare runs of several models: how the ranking changes with a model's cost, where the server stops mattering."""
    from serveoff.cli.summary import summarise

    summarise(runs, mixed, console)

"""`serveoff summary`."""

from __future__ import annotations

from typing import Annotated

import typer

from serveoff.cli.terminal import console


def summary(
    runs: Annotated[list[str], typer.Argument(help="One run of each model: ids, folders, or latest.")],
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Runs of different machines, profiles or settings all the same.")
    ] = False,
) -> None:
    """Set runs of several models side by side: how the ranking changes with cost, where the server stops mattering."""
    from serveoff.cli.summary import summarise

    summarise(runs, mixed, console)

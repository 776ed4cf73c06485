"""`serveoff runs`."""

from __future__ import annotations

from rich.console import Console
from rich.table import Column, Table

from serveoff.measure.run_lifecycle import list_runs
from serveoff.record.suite import ResultsError, load_suite


def runs() -> None:
    """List the runs in the results folder."""
    table = Table(Column("run", no_wrap=True), "model", "profile", "endpoints", "state", box=None, header_style="bold")
    for folder in list_runs():
        try:
            suite = load_suite(folder)
        except ResultsError as error:
            table.add_row(folder.name, "", "", "", f"unreadable: {error}")
            continue
        state = "complete" if suite.complete else "partial"
        settings = suite.settings
        table.add_row(suite.run_id, settings.model, settings.profile, str(len(suite.endpoints)), state)
    Console().print(table)

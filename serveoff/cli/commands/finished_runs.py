"""Commands on runs that were measured: `serveoff show`, `report`, `compare`, `summary`, `baseline` and `runs`."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from serveoff.cli.parameters import RunName
from serveoff.cli.terminal import console
from serveoff.errors import ExitCode
from serveoff.measure.run_lifecycle import find_run, list_runs
from serveoff.models.jobs.terminal import Terminal
from serveoff.models.jobs.visible import visible
from serveoff.record.reading import ResultsError, sense_of
from serveoff.record.suite import load_without_slices


def show(
    run: RunName = "latest",
    as_json: Annotated[bool, typer.Option("--json", help="Print the decision as JSON, in base units.")] = False,
) -> None:
    """Print the recommendation of a run again: what to deploy, how it compares, and how sure that is."""
    from serveoff.cli import answer
    from serveoff.report.formats.json import decision_record
    from serveoff.report.write import comparison_of, report_path

    folder = find_run(run)
    with sense_of(f"run {run}"):
        comparison = comparison_of(folder)
        if as_json:
            print(json.dumps(decision_record(comparison), indent=1, allow_nan=False))
            return
        out, suite, path = Terminal(), comparison.suite, report_path(folder)
        out.print(_plain(f"{suite.run_id}   {suite.settings.model}, {suite.settings.profile}"), style="dim")
        answer.show(comparison, out, path if os.path.isfile(path) else None)


def report(
    run: RunName = "latest",
    formats: Annotated[
        str, typer.Option("--format", "-f", help="Comma-separated: html,markdown,csv,json; tensorboard.")
    ] = "",
) -> None:
    """Write the report of a run again. A run that has changed is analysed again."""
    from serveoff.report.write import write_report

    folder = find_run(run)
    with sense_of(f"run {run}"):
        written = write_report(folder, tuple(filter(None, formats.split(","))))
    for path in written.paths.values():
        console.print(f"report: {path}", highlight=False, markup=False)


def compare(
    a: Annotated[str, typer.Argument(help="The earlier run, or a baseline file.")],
    b: Annotated[str, typer.Argument(help="The later run, or a baseline file.")] = "latest",
    threshold: Annotated[float, typer.Option(min=0, max=100, help="Percentage of slowdown to tolerate.")] = 5,
    different_machines: Annotated[
        bool, typer.Option("--different-machines", help="Compare runs even if they are from different machines.")
    ] = False,
) -> None:
    """Compare two runs, as Markdown. Exit code 99: an endpoint got slower beyond noise and threshold, or fails."""
    from serveoff.cli.compare import compare_runs

    if not compare_runs(a, b, threshold / 100, different_machines, Terminal()):
        sys.exit(ExitCode.REGRESSION)


def summary(
    runs: Annotated[list[str], typer.Argument(help="One run of each model: ids, folders, or latest.")],
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Accept runs of different machines, profiles or settings.")
    ] = False,
) -> None:
    """Compare runs of several models: how the ranking changes with a model's cost, where the server stops mattering."""
    from serveoff.cli.summary import summarise

    summarise(runs, mixed, console)


def baseline(run: RunName, file: Annotated[Path, typer.Argument(help="Where to write it.")]) -> None:
    """Store a run's analysis in a file, for `serveoff compare FILE RUN`."""
    from serveoff.cli.compare import store_baseline

    store_baseline(run, file)
    console.print(f"baseline: {file}", highlight=False, markup=False)


def runs() -> None:
    """List the runs in the results folder."""
    table = Table(Column("run", no_wrap=True), "model", "profile", "endpoints", "state", box=None, header_style="bold")
    for folder in list_runs():
        try:
            suite = load_without_slices(folder)
        except ResultsError as error:
            table.add_row(*map(_plain, (folder.name, "", "", "", f"unreadable: {error}")))
            continue
        state = "complete" if suite.complete else "partial"
        settings = suite.settings
        cells = suite.run_id, settings.model, settings.profile, str(len(suite.endpoints)), state
        table.add_row(*map(_plain, cells))
    Terminal().print(table)


def _plain(text: str) -> Text:
    """Words of a file as they are: no markup, and nothing that a terminal would obey."""
    return Text(visible(text))

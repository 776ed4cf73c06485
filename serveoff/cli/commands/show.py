"""`serveoff show`."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

from serveoff.cli.parameters import RunName
from serveoff.measure.run_lifecycle import find_run


def show(
    run: RunName = "latest",
    as_json: Annotated[bool, typer.Option("--json", help="Print the decision as JSON, in base units.")] = False,
) -> None:
    """Print the recommendation of a run again: what to deploy, how it compares, and how sure that is."""
    from serveoff.cli import answer
    from serveoff.report.formats.json import decision_record
    from serveoff.report.write import comparison_of, report_path

    folder = find_run(run)
    comparison = comparison_of(folder)
    if as_json:
        print(json.dumps(decision_record(comparison), indent=1, allow_nan=False, ensure_ascii=False))
        return
    out, suite, path = Console(), comparison.suite, report_path(folder)
    out.print(f"{suite.run_id}   {suite.settings.model}, {suite.settings.profile}", style="dim", highlight=False)
    answer.show(comparison, out, path if path.is_file() else None)

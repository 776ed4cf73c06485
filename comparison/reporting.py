"""Compute a run's comparison once and write it in every report format."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from comparison.analysis import compare
from comparison.errors import ResultsFailure, UsageError
from comparison.render import FORMATS, ON_REQUEST, write_all
from comparison.results import ResultsError


def reports_root() -> Path:
    """The folder of all reports: `$SERVEOFF_REPORTS`, or `reports/` in the working folder."""
    return Path(os.environ.get("SERVEOFF_REPORTS") or "reports")


def write_report(folder: Path, formats: tuple[str, ...], console: Console) -> bool:
    """Write the reports of a run and say where; True where at least one point is VALID."""
    unknown = [form for form in formats if form not in (*FORMATS, *ON_REQUEST)]
    if unknown:
        raise UsageError(f"no report form is called {unknown[0]!r}", f"take of {', '.join((*FORMATS, *ON_REQUEST))}")
    try:
        comparison = compare(folder)
    except ResultsError as error:
        raise ResultsFailure(str(error)) from None
    written = write_all(comparison, reports_root() / folder.resolve().name, formats or FORMATS, folder)
    for path in written.values():
        console.print(f"report: {path}", highlight=False, markup=False)
    return any(point.valid for point in comparison.points)

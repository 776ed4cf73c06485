"""Write a run's analysis in every report format."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from rich.console import Console

from serveoff.analyse.analysis_file import analysis_of
from serveoff.analyse.comparison import Comparison
from serveoff.errors import ResultsFailure, UsageError
from serveoff.record.suite import ResultsError, results_root
from serveoff.report import FORMATS, ON_REQUEST, path_of, write_all
from serveoff.report.across_models.store import mentions

LEADING_ON: Final = ("html", "markdown")
"""Forms of a report that lead on to summaries."""


def reports_root() -> Path:
    """The folder of all reports: `$SERVEOFF_REPORTS`, or `reports/` in the working folder."""
    return Path(os.environ.get("SERVEOFF_REPORTS") or "reports")


def write_report(folder: Path, formats: tuple[str, ...], console: Console) -> bool:
    """Write the reports of a run and say where; True where at least one point is VALID."""
    unknown = [form for form in formats if form not in (*FORMATS, *ON_REQUEST)]
    if unknown:
        raise UsageError(f"no report form is called {unknown[0]!r}", f"take of {', '.join((*FORMATS, *ON_REQUEST))}")
    try:
        comparison = analysis_of(folder).comparison
    except ResultsError as error:
        raise ResultsFailure(str(error)) from None
    written = write_all(_leading_on(comparison, folder), _report(folder), formats or FORMATS, folder)
    for path in written.values():
        console.print(f"report: {path}", highlight=False, markup=False)
    return any(point.valid for point in comparison.points)


def lead_on(folder: Path, comparison: Comparison) -> None:
    """Write the page and the Markdown of a run's report again, where they are, for a summary has come after them."""
    report = _report(folder)
    forms = [form for form in LEADING_ON if path_of(report, form).is_file()]
    if forms:
        write_all(_leading_on(comparison, folder), report, forms)


def _leading_on(comparison: Comparison, folder: Path) -> Comparison:
    found = mentions(results_root(), comparison.suite.run_id, _report(folder))
    return replace(comparison, beside=found)


def _report(folder: Path) -> Path:
    return reports_root() / folder.resolve().name

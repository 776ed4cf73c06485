"""Write a run's analysis in every report format."""

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from serveoff.analyse import canary
from serveoff.analyse.analysis_file import analysis_of
from serveoff.analyse.comparison import Comparison
from serveoff.errors import ResultsFailure, writing_to
from serveoff.loadtests.recording.atomic_write import written_whole
from serveoff.record.reading import ResultsError
from serveoff.record.suite import reports_root, results_root
from serveoff.report import FORMATS, canary_markdown, check_forms, path_of, write_all
from serveoff.report.across_models.store import mentions

VARIABLE: Final = "SERVEOFF_REPORTS"
LEADING_ON: Final = ("html", "markdown")
"""Forms of a report that lead on to summaries."""


@dataclass(frozen=True)
class Written:
    """A run's comparison, and the path of its report in each form that was written."""

    comparison: Comparison
    paths: dict[str, Path]

    @property
    def valid(self) -> bool:
        """Any contender has a VALID point; in a run without contenders, anything that was measured."""
        contenders = [entry for entry in self.comparison.entries if entry.role == "contender"]
        return any(point.valid for entry in contenders or self.comparison.entries for point in entry.points)


def write_report(folder: Path, formats: tuple[str, ...] = ()) -> Written:
    """Write the reports of a run.

    UsageError for a form that there is not, ResultsFailure without a run, NotWritten where they cannot be written.
    """
    check_forms(formats)
    comparison = comparison_of(folder)
    shown = _leading_on(comparison, folder)
    with _writing(folder):
        written = write_all(shown, _report(folder), formats or FORMATS, folder)
        return Written(comparison, written | ({} if formats else _verdict(comparison, _report(folder))))


def _verdict(comparison: Comparison, folder: Path) -> dict[str, Path]:
    """The verdict on attached endpoints, where the run was asked for one."""
    found = canary.asked(comparison)
    if found is None:
        return {}
    path = folder / canary_markdown.NAME
    with written_whole(path) as file:
        file.write_text(canary_markdown.render(comparison, found), encoding="utf-8")
    return {"verdict": path}


def comparison_of(folder: Path) -> Comparison:
    """The comparison of a run; ResultsFailure where there is none."""
    try:
        return analysis_of(folder).comparison
    except ResultsError as error:
        raise ResultsFailure(str(error)) from None


def report_path(folder: Path) -> Path:
    """Where the report of a run is to be read."""
    return path_of(_report(folder), "html")


def lead_on(folder: Path, comparison: Comparison) -> None:
    """Write the page and the Markdown of a run's report again, where they are, for a summary has come after them.

    NotWritten where they cannot be written.
    """
    report = _report(folder)
    forms = [form for form in LEADING_ON if os.path.isfile(path_of(report, form))]
    if forms:
        with _writing(folder):
            write_all(_leading_on(comparison, folder), report, forms)


def _leading_on(comparison: Comparison, folder: Path) -> Comparison:
    found = mentions(results_root(), comparison.suite.run_id, _report(folder))
    return replace(comparison, beside=found)


def _writing(folder: Path) -> AbstractContextManager[None]:
    return writing_to(_report(folder), f"free some space, or set {VARIABLE}; then: serveoff report {folder}")


def _report(folder: Path) -> Path:
    return reports_root() / folder.resolve().name

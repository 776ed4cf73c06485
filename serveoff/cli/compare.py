"""`serveoff compare A B` and `serveoff baseline`: two runs, or a run and a stored baseline, and the gate on them."""

import os
from pathlib import Path

from rich.console import Console

from serveoff.analyse import analysis_file
from serveoff.analyse.analysis import Analysis
from serveoff.analyse.regressions import regressions
from serveoff.analyse.run_diff import Versus, versus
from serveoff.errors import NotWritten, ResultsFailure, UsageError
from serveoff.measure.leftovers import remove_half_written
from serveoff.measure.run_lifecycle import find_run
from serveoff.record.reading import ResultsError, sense_of
from serveoff.report import run_diff_markdown as markdown


def compare_runs(a: str, b: str, threshold: float, different_machines: bool, console: Console) -> bool:
    """Print the comparison as Markdown; True where nothing got worse.

    UsageError where the runs cannot be compared: of different models, or of different machines unless asked for.
    """
    one, other = load(a), load(b)
    with sense_of(f"run {a} or run {b}"):
        found = versus(one, other, different_machines)
        _check(found)
        worse = regressions(found, threshold)
        if not worse and not any(pair.ratio for line in found.lines for pair in line.pairs):
            raise ResultsFailure("no endpoint is VALID in both runs", "see why: serveoff report RUN")
        text = markdown.render(found, worse, threshold)
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    return not worse


def _check(found: Versus) -> None:
    suites = [analysis.comparison.suite for analysis in (found.a, found.b)]
    if not found.same_model:
        models = (suite.settings.model for suite in suites)
        raise UsageError(f"the runs are of different models: {' and '.join(models)}", "compare runs of one model")
    if found.withheld:
        machines = (suite.environment.machine.id for suite in suites)
        raise UsageError(
            f"the runs are of different machines: {' and '.join(machines)}",
            "run both on one machine, or add --different-machines",
        )


def store_baseline(run: str, path: Path) -> None:
    """Write a run's analysis to another place; NotWritten where that cannot be written to."""
    analysis = load(run)
    try:
        remove_half_written(path)
        analysis_file.save(analysis, path)
    except OSError as error:
        raise NotWritten(f"cannot write the baseline {path}: {error.strerror}", "name another file") from None


def load(name: str) -> Analysis:
    """A baseline's file, or a run by its id or folder; ResultsFailure where it cannot be read."""
    path = Path(name)
    try:
        with sense_of(name if os.path.isfile(path) else f"run {name}"):
            return analysis_file.load(path) if os.path.isfile(path) else analysis_file.analysis_of(find_run(name))
    except (ResultsError, OSError) as error:
        if not os.path.isfile(path):
            raise ResultsFailure(str(error)) from error
        raise ResultsFailure(f"{path} is not a baseline: {error}", "write one: serveoff baseline RUN FILE") from error

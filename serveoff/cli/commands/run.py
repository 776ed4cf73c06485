"""`serveoff run`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from serveoff.cli.options import ALL, models_of, settings_of
from serveoff.cli.parameters import of_fields
from serveoff.cli.run_options import RunOptions
from serveoff.cli.terminal import console
from serveoff.errors import ExitCode, UsageError, check_writable
from serveoff.measure import run_lifecycle
from serveoff.models.jobs.terminal import Terminal
from serveoff.record.settings import RunSettings
from serveoff.record.suite import load_suite, reports_root, results_root


@of_fields(RunOptions)
def run(asked: RunOptions) -> None:
    """Measure endpoints side by side, write the report and recommend one.

    Several models get one run and one report each, and a summary of all. The exit code is 0 if any of them gave a VALID
    point.

    An interrupted run keeps everything it measured: `serveoff report latest` shows it,
    `serveoff run --resume latest` finishes it.
    """
    check_writable(results_root(), "SERVEOFF_RESULTS")
    check_writable(reports_root(), "SERVEOFF_REPORTS")
    if asked.resume is not None:
        folder = run_lifecycle.find_run(asked.resume)
        run_lifecycle.prepare(run_lifecycle.resumable(folder), console)
        _carry_out(folder)
        return
    settings = settings_of(asked)
    models = (settings.model,) if settings.samples else models_of(asked.model)
    runs = [settings.model_copy(update={"model": name}) for name in models]
    if len(runs) > 1 and settings.attached:
        raise UsageError("endpoints that already run serve one model", f"name one: --model {models[0]}")
    if len(runs) > 1:
        _carry_out_all(runs, cheap_first=asked.model == ALL)
        return
    run_lifecycle.check(runs[0])
    run_lifecycle.prepare(runs[0], console)
    _carry_out(run_lifecycle.begin(runs[0]))


def _carry_out(folder: Path) -> None:
    from serveoff.analyse.race import look

    try:
        run_lifecycle.carry_out(folder, console, look)
    except KeyboardInterrupt:
        console.print(f"interrupted; everything measured is kept in {folder}", style="yellow", highlight=False)
        if not load_suite(folder).complete:
            console.print(f"finish it with: serveoff run --resume {folder.name}", highlight=False)
        _tell(folder)
        sys.exit(ExitCode.INTERRUPTED)
    code = _tell(folder)
    if code:
        sys.exit(code)


def _tell(folder: Path) -> ExitCode:
    """Write the report and print the answer; how the command ends by what was measured."""
    from serveoff.analyse import canary
    from serveoff.cli import answer
    from serveoff.report.write import report_path, write_report

    written, out = write_report(folder), Terminal()
    answer.show(written.comparison, out, report_path(folder))
    if verdict := written.paths.get("verdict"):
        out.print(f"Verdict: {verdict}", highlight=False, markup=False, soft_wrap=True)
    gate = canary.asked(written.comparison)
    if gate is not None and gate.failed:
        return ExitCode.REGRESSION
    return ExitCode.OK if written.valid else ExitCode.NOTHING_VALID


def _carry_out_all(runs: Sequence[RunSettings], cheap_first: bool) -> None:
    """One run per model and the summary of them: a success if any has a VALID point, and all could be written."""
    from serveoff.cli.campaign import run_all

    done = run_all(runs, cheap_first, console, Terminal())
    if done.interrupted:
        sys.exit(ExitCode.INTERRUPTED)
    if done.unwritten:
        console.print("not everything could be written; what failed is above", style="red")
        sys.exit(ExitCode.UNWRITABLE)
    if not done.valid:
        console.print("no model has a VALID point; what went wrong is above, and in the reports", style="red")
        sys.exit(ExitCode.NOTHING_VALID)

"""`serveoff summary RUN RUN ...`: refuse runs that do not belong together, write the summary of their analyses."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from serveoff.analyse.across_models import measured_as
from serveoff.analyse.across_models.study import study
from serveoff.analyse.across_models.summary import Absent
from serveoff.analyse.analysis_file import analysis_of
from serveoff.errors import UsageError, writing_to
from serveoff.measure.run_lifecycle import FREE_SPACE, find_run
from serveoff.models import catalog
from serveoff.models.manifest import ArtifactError
from serveoff.record.reading import sense_of
from serveoff.record.suite import load_without_slices, reports_root, results_root
from serveoff.report.across_models import store
from serveoff.report.across_models.contents import to_reports
from serveoff.report.write import lead_on


def summarise(names: Sequence[str], mixed: bool, console: Console) -> None:
    """Write the summary of runs by their ids, folders or `latest`, and say where it is.

    UsageError for fewer than two, two of one model, or, unless `mixed`, runs of different machines or settings.
    """
    if len(names) < 2:
        raise UsageError("a summary is across models", "name one run of each: serveoff summary RUN RUN")
    folders = [find_run(name) for name in names]
    with sense_of(f"one of the runs {', '.join(names)}"):
        write(folders, mixed, console)


def write(
    folders: Sequence[Path],
    mixed: bool,
    console: Console,
    problems: Mapping[str, str] = {},
    absent: Sequence[Absent] = (),
    interrupted: bool = False,
) -> None:
    """The same of run folders; `problems` (by model) and `absent` are what went wrong on the way.

    ResultsError where one cannot be read, NotWritten where it cannot be written.
    """
    measured_as.check([load_without_slices(folder) for folder in folders], mixed)
    analyses = [analysis_of(folder) for folder in folders]
    models = [analysis.comparison.suite.settings.model for analysis in analyses]
    summary_id = store.new_id([folder.resolve().name for folder in folders])
    found = study(summary_id, analyses, {m: describe(m) for m in models}, problems, absent, interrupted)
    again = f"{FREE_SPACE}; then: serveoff summary {' '.join(map(str, folders))}"
    with writing_to(results_root() / summary_id, again):
        written = store.save(found, to_reports(results_root() / summary_id, reports_root()))
    console.print(f"Summary: {written['html']}", highlight=False, markup=False, soft_wrap=True)
    for folder, analysis in zip(folders, analyses, strict=True):
        lead_on(folder, analysis.comparison)


def describe(model: str) -> str:
    """What a model is good for, where it is still known here."""
    try:
        return catalog.load_spec(model).description
    except ArtifactError:
        return ""

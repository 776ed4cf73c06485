"""Which summaries hold a run: what its report leads on to."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from serveoff.analyse.across_models.summary import Summary
from serveoff.analyse.comparison import CrossModelLink
from serveoff.record.suite import ResultsError
from serveoff.report.across_models.store import PREFIX, load


def mentions(results: Path, run_id: str, report: Path) -> tuple[CrossModelLink, ...]:
    """The summaries in the folder `results` that hold the run, newest first, as seen from the folder of its report.

    One that cannot be read is left out.
    """
    folders = sorted(results.glob(f"{PREFIX}*"), reverse=True)
    return tuple(_beside(found, folder, report) for folder in folders if (found := _holding(folder, run_id)))


def _holding(folder: Path, run_id: str) -> Summary | None:
    try:
        found = load(folder)
    except (ResultsError, OSError):
        return None
    return found if any(model.run_id == run_id for model in found.models) else None


def _beside(summary: Summary, folder: Path, report: Path) -> CrossModelLink:
    way = quote(Path(os.path.relpath(folder.resolve(), report.resolve())).as_posix())
    models = tuple(model.model for model in summary.models)
    return CrossModelLink(summary.summary_id, models, f"{way}/summary.html", f"{way}/summary.md")

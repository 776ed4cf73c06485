"""`/`: the runs, newest first, and each one's verdict where it is analysed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, render_template, request

from serveoff.analyse.comparison import Comparison
from serveoff.report.phrases import recommendation
from serveoff.report.web.across_store import newest
from serveoff.report.web.analyses import NotAnalysed, read_analysis
from serveoff.report.web.run_list_item import RunListItem, newest_runs
from serveoff.report.web.runs import Unreadable, readable, results_folder

PER_PAGE: Final = 25
CHOICES: Final = 300
"""The newest runs that the form offers for a comparison; any other can be named in the address."""

blueprint = Blueprint("overview", __name__)


@dataclass(frozen=True)
class Glance:
    """What the list says of a run. Points are those of every endpoint, the floors' and the null service's too."""

    head: str
    figures: str
    statements: tuple[str, ...]
    valid: int
    invalid: int
    unavailable: int


@dataclass(frozen=True)
class Row:
    """One run of the list, and its verdict, or why it has none."""

    run: RunListItem
    glance: Glance | None = None
    why: str = ""
    unreadable: bool = False


@blueprint.get("/")
def runs() -> str:
    """The list, from run.json files and, for those on this page, the stored analyses."""
    root = results_folder()
    found, trouble = newest_runs(root)
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    return render_template(
        "runs.html.j2",
        rows=[_row(run) for run in shown],
        total=len(found),
        page=page,
        first=(page - 1) * PER_PAGE + 1,
        pages=pages,
        choices=[run for run in found if not run.unreadable][:CHOICES],
        root=root,
        trouble=trouble,
        summaries=newest(root) if page == 1 else [],
    )


def _row(run: RunListItem) -> Row:
    if run.unreadable:
        return Row(run, why=run.unreadable)
    try:
        analysis = read_analysis(run.found)
        with readable(run.found):
            return Row(run, glance(analysis.comparison))
    except NotAnalysed as error:
        return Row(run, why=str(error))
    except Unreadable as error:
        return Row(run, why=str(error), unreadable=True)


def glance(comparison: Comparison) -> Glance:
    """Made from the computed comparison, in the report's own words."""
    return Glance(
        recommendation.head(comparison),
        recommendation.figures(comparison),
        (*recommendation.statements(comparison), *recommendation.unsettled(comparison)),
        comparison.valid,
        len(comparison.invalid),
        len(comparison.unavailable),
    )

"""`/`: the runs, newest first, and each one's verdict where it is analysed."""

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from flask import Blueprint, Response, make_response, render_template, request

from serveoff.analyse.comparison import Comparison
from serveoff.report.phrases import recommendation
from serveoff.report.web.across_store import newest
from serveoff.report.web.analyses import NotAnalysed, analysis_of, read_analysis
from serveoff.report.web.run_list_item import KEPT, RunListItem, item_of, newest_runs
from serveoff.report.web.runs import Found, Unreadable, readable, results_folder

PER_PAGE: Final = 25
REFRESH_S: Final = "30"
"""A page with a run that goes on is asked for again."""
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
def runs() -> Response:
    """The list, from run.json files and, for those on this page, the stored analyses."""
    root = results_folder()
    found, trouble = newest_runs(root)
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    shown = [item_of(run) for run in found[(page - 1) * PER_PAGE : page * PER_PAGE]]
    unreadable = {run.found.name for run in shown if run.unreadable}
    answer = make_response(
        render_template(
            "runs.html.j2",
            rows=[_row(run) for run in shown],
            total=len(found),
            page=page,
            first=(page - 1) * PER_PAGE + 1,
            pages=pages,
            choices=[run for run in found if not run.problem and run.name not in unreadable][:CHOICES],
            root=root,
            trouble=trouble,
            summaries=newest(root) if page == 1 else [],
        )
    )
    if any(run.goes_on(time.time()) for run in shown):
        answer.headers["Refresh"] = REFRESH_S
    return answer


def _row(run: RunListItem) -> Row:
    if run.unreadable:
        return Row(run, why=run.unreadable)
    try:
        return Row(run, _glance(run.found, analysis_of(run.found)))
    except NotAnalysed as error:
        return Row(run, why=str(error))
    except Unreadable as error:
        return Row(run, why=str(error), unreadable=True)


@lru_cache(KEPT)  # of one run.json and one analysis.json, which their times and sizes tell from later ones
def _glance(run: Found, stored: Found) -> Glance:
    analysis = read_analysis(run, brief=True)
    with readable(run):
        return glance(analysis.comparison)


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

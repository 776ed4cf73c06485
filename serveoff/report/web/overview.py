"""`/`: the runs, newest first, and each one's verdict as soon as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, render_template, request

from serveoff.report.web.across_store import newest
from serveoff.report.web.run_list_item import Summary
from serveoff.report.web.runs import Unreadable, find_run
from serveoff.report.web.store import store
from serveoff.report.web.verdict_card import Glance

PER_PAGE: Final = 25
CHOICES: Final = 300
"""The newest runs that the form offers for a comparison; any other can be named in the address."""

blueprint = Blueprint("overview", __name__)


@dataclass(frozen=True)
class Row:
    """One run of the list; no verdict yet where its analysis was not asked for before."""

    run: Summary
    glance: Glance | None


@blueprint.get("/")
def runs() -> str:
    """The list, from run.json files alone: nothing is analysed here."""
    kept = store()
    found, trouble = kept.runs()
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    return render_template(
        "runs.html.j2",
        rows=[Row(run, kept.known_glance(run.found)) for run in shown],
        total=len(found),
        page=page,
        first=(page - 1) * PER_PAGE + 1,
        pages=pages,
        choices=[run for run in found if not run.unreadable][:CHOICES],
        root=kept.root,
        trouble=trouble,
        summaries=newest(kept.root) if page == 1 else [],
    )


@blueprint.get("/runs/<name>/verdict")
def verdict(name: str) -> str:
    """The part of the list that takes an analysis, as a fragment of HTML."""
    kept = store()
    found = find_run(kept.root, name)
    try:
        return render_template("verdict.html.j2", glance=kept.glance(found), name=name)
    except Unreadable as error:
        return render_template("unreadable.html.j2", why=str(error))

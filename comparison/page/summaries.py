"""`/summaries/<name>/`: summaries across models, made again from their figures: stored HTML is never served."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, render_template, send_file, url_for
from werkzeug.exceptions import NotFound

from comparison.page.headers import policy
from comparison.page.reports import BODY, TYPES
from comparison.page.runs import Found, Unreadable, find_run, find_runs, readable
from comparison.page.store import store
from comparison.render import html as report
from comparison.summary import html, markdown
from comparison.summary.links import beside
from comparison.summary.outcome import Summary
from comparison.summary.store import PREFIX, SUMMARY_NAME, load, render_json

SHOWN: Final = 12
"""The newest summaries, on the list of runs."""

blueprint = Blueprint("summaries", __name__, url_prefix="/summaries")


@dataclass(frozen=True)
class Listed:
    """A summary on the list: which models, when, or why it cannot be read."""

    name: str
    when: str = ""
    models: tuple[str, ...] = ()
    unreadable: str = ""


def newest(root: Path) -> list[Listed]:
    """The newest summaries by their names, which begin with the time."""
    try:
        found = find_runs(root, SUMMARY_NAME)
    except OSError:
        return []
    named = [f for f in found if f.name.startswith(PREFIX) and f.addressable]
    return [_listed(f) for f in sorted(named, key=lambda f: f.name, reverse=True)[:SHOWN]]


@blueprint.get("/<name>/")
def summary(name: str) -> Response:
    """The page as `serveoff summary` writes it, with a bar on top that leads back."""
    found, kept = _find(name)
    with readable(found):
        text = html.render(kept, _link)
        text.encode()
    head, body, rest = text.partition(BODY)
    response = Response(f"{head}{render_template('summary_bar.html.j2', name=name)}{body}{rest}")
    response.headers["Content-Security-Policy"] = policy(f"\n{html.style()}\n", f"\n{report.script()}\n")
    return response


@blueprint.get("/<name>/summary.<suffix>")
def download(name: str, suffix: str) -> Response:
    """The same in one form, as a file; its links are those of the file that `serveoff summary` writes."""
    if suffix not in ("html", "json", "md"):
        raise NotFound("A summary has the forms html, json, md.")
    found, kept = _find(name)
    with readable(found):
        if suffix == "json":
            text = render_json(kept)
        else:
            text = html.render(kept, beside) if suffix == "html" else markdown.render(kept, beside)
        content = BytesIO(text.encode())
    return send_file(
        content, mimetype=TYPES[f".{suffix}"], as_attachment=True, download_name=f"serveoff-summary.{suffix}", max_age=0
    )


def _find(name: str) -> tuple[Found, Summary]:
    found = find_run(store().root, name, SUMMARY_NAME)
    return found, _read(found)


def _read(found: Found) -> Summary:
    if found.problem:
        raise Unreadable(found.problem)
    with readable(found):
        return load(found.folder)


def _listed(found: Found) -> Listed:
    try:
        kept = _read(found)
    except Unreadable as error:
        return Listed(found.name, unreadable=str(error))
    models = tuple(model.model for model in kept.models)
    return Listed(found.name, kept.made_at[:16].replace("T", " "), models)


def _link(run_id: str) -> str:
    return url_for("reports.report", name=run_id)

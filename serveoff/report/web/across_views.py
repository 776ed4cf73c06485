"""`/summaries/<name>/`: summaries across models, made again from their figures: stored HTML is never served."""

from flask import Blueprint, Response, render_template, url_for
from werkzeug.exceptions import NotFound

from serveoff.analyse.across_models.summary import Summary
from serveoff.report.across_models.contents import beside, document
from serveoff.report.across_models.store import SUMMARY_NAME, render_json
from serveoff.report.formats import html, markdown
from serveoff.report.web.across_store import read
from serveoff.report.web.reports import as_file, with_bar
from serveoff.report.web.runs import Found, find_run, readable, results_folder

blueprint = Blueprint("summaries", __name__, url_prefix="/summaries")


@blueprint.get("/<name>/")
def summary(name: str) -> Response:
    """The page as `serveoff summary` writes it, with a bar on top that leads back."""
    found, kept = _find(name)
    with readable(found):
        text = html.page(document(kept, lambda run_id: url_for("reports.report", name=run_id)))
        text.encode()
    return with_bar(text, render_template("summary_bar.html.j2", name=name))


@blueprint.get("/<name>/summary.<suffix>")
def download(name: str, suffix: str) -> Response:
    """The same in one form, as a file; its links are those of the file that `serveoff summary` writes."""
    if suffix not in ("html", "json", "md"):
        raise NotFound("Forms of a summary: html, json, md.")
    found, kept = _find(name)
    with readable(found):
        if suffix == "json":
            text = render_json(kept)
        else:
            text = {"html": html.page, "md": markdown.page}[suffix](document(kept, beside))
        return as_file(text, f"serveoff-summary.{suffix}")


def _find(name: str) -> tuple[Found, Summary]:
    found = find_run(results_folder(), name, SUMMARY_NAME)
    return found, read(found)

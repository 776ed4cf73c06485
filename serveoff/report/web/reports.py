"""`/runs/<name>/`: one run's report, and the same as files."""

import re
from dataclasses import replace
from importlib import import_module
from io import BytesIO
from typing import Final

from flask import Blueprint, Response, render_template, send_file
from werkzeug.exceptions import NotFound

from serveoff.report import FORMATS
from serveoff.report.formats import html
from serveoff.report.web.across_store import holding
from serveoff.report.web.analyses import read_analysis
from serveoff.report.web.headers import policy
from serveoff.report.web.runs import find_run, readable, results_folder

TYPES: Final = {".html": "text/html", ".md": "text/markdown", ".csv": "text/csv", ".json": "application/json"}
FORMS: Final = {import_module(f"serveoff.report.formats.{form}").SUFFIX.removeprefix("."): form for form in FORMATS}
"""File suffix to the form that has it, as `serveoff.report` finds them."""
_BODY: Final = '<header class="top">'
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")

blueprint = Blueprint("reports", __name__, url_prefix="/runs")


@blueprint.get("/<name>/")
def report(name: str) -> Response:
    """The report as `serveoff report` writes it, with a bar on top that leads back."""
    return with_bar(_render(name, "html", leading_on=True), render_template("report_bar.html.j2", name=name))


@blueprint.get("/<name>/report.<suffix>")
def download(name: str, suffix: str) -> Response:
    """The report in one form, as a file."""
    if suffix not in FORMS:
        raise NotFound(f"Forms of a report: {', '.join(FORMS)}.")
    return as_file(_render(name, FORMS[suffix]), f"serveoff-{_UNSAFE.sub('_', name)}.{suffix}")


def with_bar(page: str, bar: str) -> Response:
    """A page in one file with a bar on top. Its style and script are known, so nothing else may run."""
    head, body, rest = page.partition(_BODY)
    response = Response(f"{head}{bar}{body}{rest}")
    response.headers["Content-Security-Policy"] = policy(f"\n{html.style()}\n", f"\n{html.script()}\n")
    return response


def as_file(text: str, name: str) -> Response:
    """A text to be kept under this name, whose suffix is of TYPES."""
    mimetype = TYPES[f".{name.rpartition('.')[2]}"]
    return send_file(BytesIO(text.encode()), mimetype=mimetype, as_attachment=True, download_name=name, max_age=0)


def _render(name: str, form: str, leading_on: bool = False) -> str:
    root = results_folder()
    found = find_run(root, name)
    comparison = read_analysis(found).comparison
    if leading_on:
        comparison = replace(comparison, beside=holding(root, comparison.suite.run_id))
    with readable(found):
        text: str = import_module(f"serveoff.report.formats.{form}").render(comparison)
        text.encode()  # an endpoint may be named by half a character, which no file can hold
    return text

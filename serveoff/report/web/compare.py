"""`/compare?a=...&b=...`: two runs side by side."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from serveoff.analyse.run_diff import versus
from serveoff.report.phrases import two_runs
from serveoff.report.phrases.recommendation import head
from serveoff.report.web import chart
from serveoff.report.web.analyses import read_analysis
from serveoff.report.web.differences import differences
from serveoff.report.web.runs import find_run, readable, results_folder

DIFFERENT = "different"

blueprint = Blueprint("compare", __name__)


@blueprint.get("/compare")
def compare() -> str | Response:
    """Both runs' figures, ratios and what differed; without runs, the list offers a choice."""
    a, b = request.args.get("a", ""), request.args.get("b", "")
    if not a and not b:
        return redirect(url_for("overview.runs", _anchor="compare"))
    if not a or not b:
        raise BadRequest("Name two runs: /compare?a=...&b=...")
    root = results_folder()
    first, second = find_run(root, a), find_run(root, b)
    one, other = read_analysis(first), read_analysis(second)
    with readable(first), readable(second):
        found = versus(one, other, request.args.get("machines") == DIFFERENT)
        suites = one.comparison.suite, other.comparison.suite
        return render_template(
            "compare.html.j2",
            v=found,
            names=(a, b),
            runs=(one.comparison, other.comparison),
            differences=two_runs.differences_table(differences(*suites)),
            two_runs=two_runs,
            chart=chart.both(found),
            head=head,
        )

"""`/compare?a=...&b=...`: two runs side by side."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from comparison.page import chart, words
from comparison.page.differences import differences
from comparison.page.runs import find_run, readable
from comparison.page.store import store
from comparison.render.words import decision
from comparison.versus import versus

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
    kept = store()
    first, second = find_run(kept.root, a), find_run(kept.root, b)
    one, other = kept.analysis(first), kept.analysis(second)
    with readable(first), readable(second):
        found = versus(one, other, request.args.get("machines") == DIFFERENT)
        suites = one.comparison.suite, other.comparison.suite
        return render_template(
            "compare.html.j2",
            v=found,
            names=(a, b),
            runs=(one.comparison, other.comparison),
            differences=words.differences_table(differences(*suites)),
            words=words,
            chart=chart.both(found),
            decision=decision,
        )

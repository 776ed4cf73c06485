"""`/compare?a=...&b=...`: two runs side by side."""

from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from serveoff.analyse.run_diff import Versus, versus
from serveoff.report.charts import at_both_widths
from serveoff.report.charts.marks import ratios
from serveoff.report.charts.marks.rows import label_of
from serveoff.report.phrases import two_runs
from serveoff.report.phrases.names import callers
from serveoff.report.phrases.recommendation import head
from serveoff.report.web.analyses import read_analysis
from serveoff.report.web.differences import differences
from serveoff.report.web.runs import find_run, readable, results_folder

DIFFERENT = "different"
STATISTIC: Final = "p50"
"""That of the chart."""

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
            chart=_medians(found),
            head=head,
        )


def _medians(found: Versus) -> Markup:
    """How many times faster run B is with the fewest callers; empty where no pair has a ratio."""
    known = [(line, pair) for line in found.lines if (pair := line.pair(STATISTIC)).ratio and pair.ratio.value]
    if not known:
        return Markup()
    fewest = min(line.concurrency for line, _ in known)
    rows = [
        ratios.Row(label_of(line.entry.result), pair.ratio, pair.word, two_runs.spoken(line, STATISTIC))
        for line, pair in known
        if line.concurrency == fewest and pair.ratio
    ]
    unit = f"times faster than run A (p50, {callers(fewest)}), log scale"
    words = f"Run B against run A, {len(rows)} medians: " + "; ".join(row.spoken for row in rows)
    return at_both_widths(lambda width: ratios.draw(rows, width, unit, words))

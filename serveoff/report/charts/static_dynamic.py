"""How many times faster the static graph is than its dynamic form, with the line of no difference."""

from serveoff.analyse.claims.ruling import Exhibit
from serveoff.analyse.comparison import Comparison
from serveoff.report.charts.marks import ratios
from serveoff.report.charts.marks.rows import Label
from serveoff.report.phrases.names import callers, format_name
from serveoff.report.phrases.numbers import compared


def draw(comparison: Comparison, width: float) -> str:
    """The chart of the medians, or nothing where no pair was valid."""
    shown = (exhibit for claim in comparison.claims for exhibit in claim.evidence if exhibit.metric == "p50")
    rows = [row for exhibit in shown if (row := _row(comparison, exhibit))]
    if not rows:
        return ""
    words = f"Static graphs compared with dynamic forms, {len(rows)} pairs: " + "; ".join(row.spoken for row in rows)
    return ratios.draw(rows, width, "times faster than the dynamic form (p50), log scale", words)


def _row(comparison: Comparison, exhibit: Exhibit) -> ratios.Row | None:
    if not (exhibit.figure and exhibit.figure.value and exhibit.load):
        return None
    results = [comparison.entry(name).result for name in (exhibit.mine, exhibit.other)]
    static, dynamic = (format_name(result.format) for result in results)
    flask, concurrency = results[0].server == "flask", exhibit.load.concurrency
    spoken = (
        f"{static} compared with {dynamic} {'on Flask' if flask else 'in process'} with "
        f"{callers(concurrency)}: {compared(exhibit.figure)}, {exhibit.outcome}"
    )
    family = "flask" if flask else "floor"
    label = Label(f"{static} / {dynamic}", f"{'Flask' if flask else 'in process'}, {concurrency}", family)
    return ratios.Row(label, exhibit.figure, exhibit.outcome, spoken)

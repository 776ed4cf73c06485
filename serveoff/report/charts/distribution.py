"""How latencies lie: one strip per endpoint on a shared logarithmic axis, with the median and the 99th percentile."""

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.analyse.studies.distributions import Distribution, edge_s
from serveoff.report.charts.marks.rows import Layout, grid, label_of, room
from serveoff.report.charts.marks.svg import Scale, drawing, few_ticks, group, line, log_scale, tag, text
from serveoff.report.charts.spectrum import of_contenders
from serveoff.report.phrases.names import callers, family, phrase
from serveoff.report.phrases.numbers import ms

STRIP = 24.0


def with_fewest(comparison: Comparison) -> list[Distribution]:
    """Those of contenders' closed loops with the fewest callers, in the entries' order."""
    fewest = min(comparison.concurrencies, default=1)
    return [d for d in of_contenders(comparison) if d.point.load.plain and d.point.concurrency == fewest]


def draw(comparison: Comparison, width: float) -> str:
    """Of contenders with the fewest callers."""
    shown = with_fewest(comparison)
    if not shown:
        return ""
    labels = room(comparison.entry(d.point.endpoint).result for d in shown)
    layout = Layout(width, top=62, value_width=118, row_wide=36, row_narrow=58, label_width=labels)
    low = min(edge_s(d.first_bin) for d in shown)
    high = max(edge_s(d.first_bin + len(d.counts)) for d in shown)
    scale = log_scale(low, high, layout.left, layout.right)
    ticks = [(t, f"{t * 1e3:g}") for t in few_ticks(low, high)]
    body = grid(layout, len(shown), ticks, scale, "milliseconds, log scale")
    body += [_row(layout, i, comparison.entry(d.point.endpoint), d, scale) for i, d in enumerate(shown)]
    key = "| p50   ¦ p99" if layout.narrow else "solid line: p50, dashed: p99"
    body.append(text(width - 2, layout.top - 30, key, "note", "end"))
    words = (
        f"Distribution of latency of {len(shown)} contenders with {callers(shown[0].point.concurrency)}, on a log "
        "scale, each strip as high as its own fullest bin. The table holds its percentiles."
    )
    return drawing(width, layout.bottom(len(shown)) + 8, words, body)


def _row(layout: Layout, index: int, entry: Entry, found: Distribution, scale: Scale) -> str:
    point, base = found.point, layout.y(index) + 12
    marks = [layout.label(index, label_of(entry.result))]
    marks += [line(scale(found.least_s), base, scale(found.most_s), base, "extent"), _strip(found, scale, base)]
    for figure, look in ((point.p50_s, "median"), (point.p99_s, "tail")):
        if figure.value is not None:
            marks.append(line(scale(figure.value), base - STRIP - 1, scale(figure.value), base + 2, look))
    tail = f" – {ms(point.p99_s.value)}" if point.p99_s.value is not None and not layout.narrow else ""
    marks.append(layout.value(index, f"{ms(point.p50_s.value or 0.0)}{tail} ms"))
    spoken = (
        f"{phrase(entry.result)}: from {ms(found.least_s)} to {ms(found.most_s)} ms, "
        f"p50 {ms(point.p50_s.value or 0.0)} ms, {point.samples:,} samples"
    )
    return group(marks, f"fam-{family(entry.result)}", spoken)


def _strip(found: Distribution, scale: Scale, base: float) -> str:
    """Steps of the counts, from the left edge of the first bin to the right edge of the last."""
    fullest = max(found.counts)
    path = [f"M{scale(edge_s(found.first_bin)):.1f} {base:.1f}"]
    for number, count in enumerate(found.counts):
        right = scale(edge_s(found.first_bin + number + 1))
        path.append(f"V{base - STRIP * count / fullest:.1f}H{right:.1f}")
    return tag("path", d="".join([*path, f"V{base:.1f}Z"]), class_="strip")

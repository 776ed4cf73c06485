"""What the charts of distributions, time and encodings draw, and how large a page they make."""

import csv
import io
import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from serveoff.analyse.analysis import compare
from serveoff.report import charts, write_all
from serveoff.report.charts import distribution, load, resources, rounds, spectrum
from serveoff.report.charts import payloads as payloads_chart
from serveoff.report.charts.marks.svg import few_ticks
from serveoff.report.sections.payloads import payloads
from tests.serveoff.full_run import endpoints, write_full_run
from tests.serveoff.signal_runs import add_signals

LIMIT_BYTES = 2_000_000
both_widths = pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])


def drawn(comparison, chart, width=charts.WIDE):
    return ElementTree.fromstring(chart.draw(comparison, width))


def tips(svg):
    return [e.get("data-tip") for e in svg.iter() if e.get("data-tip")]


def marks(svg, class_):
    return [e for e in svg.iter() if class_ in (e.get("class") or "").split()]


@both_widths
def test_every_distribution_of_an_endpoint_is_a_line_with_its_percentiles(rendered, width):
    comparison = rendered["clean"].comparison
    svg = drawn(comparison, spectrum, width)
    shown = [d for d in comparison.distributions if comparison.entry(d.point.endpoint).role == "contender"]
    assert len([t for t in tips(svg) if "samples" in t]) == len(shown)
    known = [[e.value for e in (d.point.p50_s, d.point.p90_s, d.point.p99_s, d.point.p999_s)] for d in shown]
    assert len(marks(svg, "dot")) == sum(value is not None for values in known for value in values)


def test_a_spectrum_ends_where_its_samples_end(rendered):
    comparison = rendered["clean"].comparison
    ends = []
    for found in comparison.distributions[:1]:
        few = replace(found, spectrum=tuple(pair for pair in found.spectrum if pair[0] <= 0.9))
        for one in (found, few):
            (path, *_) = marks(drawn(replace(comparison, distributions=(one,)), spectrum), "line")[1:]
            ends.append(float(path.get("points").split()[-1].split(",")[0]))
    assert ends[0] > ends[1] + 20


def test_a_strip_is_drawn_for_each_endpoint_with_the_fewest_callers(rendered):
    comparison = rendered["clean"].comparison
    strips = marks(drawn(comparison, distribution), "strip")
    ranked = [entry for entry in comparison.entries if entry.role == "contender"]
    assert len(strips) == len(ranked) > 5


@both_widths
def test_every_contender_is_a_line_of_latency_against_load_with_the_objective(rendered, width):
    comparison = rendered["clean"].comparison
    svg = drawn(comparison, load, width)
    curves = load.curves(comparison)
    assert {entry.role for entry, _ in curves} == {"contender"}
    assert len(marks(svg, "line")) == len(curves)
    assert len(marks(svg, "dot")) == sum(len(points) for _, points in curves)
    assert len(marks(svg, "bound")) == 1
    assert sum("[" in tip for tip in tips(svg)) == len(marks(svg, "dot")), "each with its interval"


@both_widths
def test_rounds_are_drawn_one_panel_a_contender_all_on_one_scale(rendered, width):
    comparison = rendered["clean"].comparison
    svg = drawn(comparison, rounds, width)
    ranked = [entry for entry in comparison.entries if entry.role == "contender"]
    assert len(tips(svg)) == len(ranked)
    assert len(marks(svg, "dot")) == sum(len(found.p50_s) for found in rounds.of_valid(comparison))
    ticks = [[e.text for e in panel.iter() if e.get("text-anchor") == "end"] for panel in marks(svg, "fam-flask")]
    assert len({tuple(found) for found in ticks}) == 1


def encodings_of(comparison, endpoint):
    """Its own encoding and raw bytes."""
    found = {e.payload: e for e in comparison.payloads if e.endpoint == endpoint}
    return found[""], found["raw_tensor"]


@both_widths
@pytest.mark.parametrize("more", [0, 1, 5])
def test_the_chart_of_encodings_takes_any_number_of_them(rendered, width, more):
    comparison = rendered["clean"].comparison
    own, raw = encodings_of(comparison, "flask-torchscript-rest")
    others = tuple(replace(raw, payload=f"encoding_{i}", request_bytes=1000 * (i + 1)) for i in range(more))
    svg = drawn(replace(comparison, payloads=(own, raw, *others)), payloads_chart, width)
    bars = [bar for bar in marks(svg, "bar")]
    assert len(bars) == 3 * (2 + more), "size, p50 and p99 of each"
    height = float(svg.get("viewBox").split()[3])
    assert max(float(bar.get("y")) for bar in bars) < height - 12


def test_what_no_contender_has_a_figure_of_has_no_column(rendered):
    comparison = rendered["clean"].comparison
    blank = [replace(e, result=e.result.model_copy(update={"artifact_bytes": None})) for e in comparison.entries]
    titles = [e.text for e in marks(drawn(replace(comparison, entries=tuple(blank)), resources), "panel-title")]
    assert "Server CPU" in titles
    assert "Artifact" not in titles


def test_an_encoding_that_does_not_count_has_no_bar(rendered):
    comparison = rendered["clean"].comparison
    own, raw = encodings_of(comparison, "flask-torchscript-rest")
    wrong = next(p for p in rendered["faulty"].comparison.points if not p.valid)
    svg = drawn(replace(comparison, payloads=(own, replace(raw, point=wrong))), payloads_chart)
    assert [e.text for e in svg.iter("text")].count("INVALID") == 2
    table = payloads(replace(comparison, payloads=(replace(raw, point=wrong),)))
    p50 = [column.title for column in table.columns].index("p50")
    assert "INVALID" in {row[p50].text for row in table.rows}


def test_csv_and_json_hold_p999_and_distributions(rendered):
    comparison = rendered["clean"].comparison
    document = json.loads(rendered["clean"]["json"])
    lines = csv.DictReader(io.StringIO(rendered["clean"]["csv"]))
    written = {(line["endpoint"], line["load"]): line["p999_s"] for line in lines}
    for point in comparison.points:
        known = point.p999_s.value
        assert written[point.endpoint, point.load.text] == ("" if known is None else str(known))
    assert [(d["endpoint"], d["load"], sum(d["counts"])) for d in document["distributions"]] == [
        (d.point.endpoint, d.point.load.text, d.point.samples) for d in comparison.distributions
    ]


@pytest.mark.slow
@pytest.mark.long
def test_the_page_of_a_full_run_stays_small(tmp_path):
    run = write_full_run(tmp_path / "run")
    add_signals(run)
    comparison = compare(run)
    assert len(comparison.entries) > endpoints() + 10, "variants come on top"
    assert {p.load.batch for p in comparison.others} == {1, 8, 32}
    page = write_all(comparison, tmp_path / "report", ["html"])["html"]
    assert page.stat().st_size < LIMIT_BYTES
    assert page.read_text().count("<svg") > 15, "every chart is in the page that was weighed"


@pytest.mark.parametrize(
    ("low", "high"), [(1e-4, 1.0), (3.1e-3, 4.9e-3), (5.1e-3, 7.4e-3), (9e-4, 1.1e-2), (1.1e-4, 0.09)]
)
def test_an_axis_of_latency_has_figures_however_short_it_is(low, high):
    ticks = few_ticks(low, high)
    assert 2 <= len(ticks) <= 9
    assert all(low <= tick <= high for tick in ticks)

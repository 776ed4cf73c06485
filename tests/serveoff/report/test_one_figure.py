"""A figure that stands in two places is one: in two sections of a report, or in two of its forms."""

import csv
import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from serveoff.cli import answer
from serveoff.report.phrases import recommendation
from serveoff.report.phrases.numbers import ms, significant
from serveoff.report.sections import excluded, latency, notes
from serveoff.report.web.overview import glance
from tests.serveoff.report.page import Page

every_run = pytest.mark.parametrize("run", ["clean", "faulty", "partial", "containers"])


@every_run
def test_a_pair_has_one_ratio_and_one_verdict_in_all_sections(rendered, run):
    document = json.loads(rendered[run]["json"])
    said = {}
    for claim in document["claims"]:
        for e in (*claim["evidence"], *claim["exhibits"]):
            if e["other"] and e["load"] and e["figure"] and not e["other_load"]:
                key = e["metric"], e["mine"], e["other"], f"{e['load']['concurrency']}x{e['load']['batch']}"
                said.setdefault(key, []).append((e["figure"], e["outcome"]))
    fewest = min(document["concurrencies"])
    for statement in document["decision"]["statements"]:
        if statement["objective"] == "latency":
            key = "p50", document["decision"]["recommended"], statement["endpoints"][0], f"{fewest}x1"
            said.setdefault(key, []).append((statement["ratio"], "faster"))
    twice = {key: found for key, found in said.items() if len(found) > 1}
    assert twice, "nothing stands in two places"
    assert {key for key, found in twice.items() if any(each != found[0] for each in found)} == set()


@every_run
def test_a_rank_is_tied_where_the_matrix_says_so(rendered, run):
    comparison = rendered[run].comparison
    marks = {row.endpoint: row.cells["latency"].mark for row in comparison.decision.matrix.rows}
    first, *rest = [entry for entry in comparison.entries if entry.rank]
    assert marks[first.name] == "best"
    if rest:
        assert rest[0].tied_above == (marks[rest[0].name] != "worse")


@every_run
def test_the_matrix_has_the_figures_of_the_points(rendered, run):
    document = json.loads(rendered[run]["json"])
    entries = {e["result"]["endpoint"]: e for e in document["entries"]}
    page = Page(rendered[run]["html"]).text
    for row in document["decision"]["matrix"]["rows"]:
        cell, points = row["cells"]["latency"], entries[row["endpoint"]]["points"]
        if cell["mark"] in ("invalid", "absent"):
            assert cell["estimate"]["value"] is None
        else:
            assert cell["estimate"] == points[0]["p50_s"]
            assert ms(cell["estimate"]["value"]) in page


@every_run
def test_a_point_has_the_same_figures_in_csv_json_html_and_markdown(rendered, run):
    comparison = rendered[run].comparison
    lines = {(x["endpoint"], x["load"]): x for x in csv.DictReader(io.StringIO(rendered[run]["csv"]))}
    document = json.loads(rendered[run]["json"])
    stored = {(p["endpoint"], p["load"]): p for e in document["entries"] for p in (*e["points"], *e["others"])}
    table = latency.points(comparison)
    on_page = Page(rendered[run]["html"]).tables["points"][1:]
    written = {"p50_s": ("p50", ms), "p99_s": ("p99", ms), "throughput": ("Rate", significant)}
    for point, cells in zip(comparison.points, on_page, strict=True):
        line, kept = lines[point.endpoint, point.load.text], stored[point.endpoint, point.load.text]
        for name, (title, text) in written.items():
            for bound, part in (("", "value"), ("_low", "low"), ("_high", "high")):
                value = kept[name][part]
                assert line[name + bound] == ("" if value is None else str(value))
            at = [column.title for column in table.columns].index(title)
            if kept[name]["value"] is not None:
                shown = text(kept[name]["value"])
                assert cells[at].startswith(shown)
                if point is comparison.entry(point.endpoint).alone and point.valid and name != "throughput":
                    assert shown in rendered[run]["markdown"]
        assert line["valid"] == str(kept["valid"])


@every_run
def test_no_invalid_point_stands_among_those_to_read_with_care(rendered, run):
    comparison = rendered[run].comparison
    invalid = [
        replace(
            entry,
            points=tuple(p for p in entry.points if not p.valid),
            others=tuple(p for p in entry.others if not p.valid),
        )
        for entry in comparison.entries
    ]
    assert excluded.cautions(replace(comparison, entries=tuple(invalid))).rows == ()


@every_run
def test_valid_and_invalid_points_add_up_to_all(rendered, run):
    comparison = rendered[run].comparison
    shown = glance(comparison)
    document = json.loads(rendered[run]["json"])
    points = [p for e in document["entries"] for p in (*e["points"], *e["others"])]
    assert shown.valid == sum(p["valid"] for p in points) >= 0
    assert shown.invalid == sum(not p["valid"] for p in points)


@every_run
def test_the_resolution_is_the_same_everywhere(rendered, run):
    comparison = rendered[run].comparison
    said = notes.resolution(comparison)
    assert said in Page(rendered[run]["html"]).text
    assert said in rendered[run]["markdown"]
    assert json.loads(rendered[run]["json"])["resolution"] == comparison.resolution


RESOLVED = "The smallest difference of a typical pair that this run would show: 12% in median latency"


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({"latency": 0.12, "tail": 0.43}, f"{RESOLVED} and 43% in p99 latency."),
        ({"latency": 0.12, "tail": 2.7}, f"{RESOLVED}. In p99 latency it shows only factors above 2."),
        ({"latency": 1.4, "tail": 2.7}, "In median latency and p99 latency it shows only factors above 2."),
        ({}, ""),
    ],
)
def test_what_a_run_hardly_tells_apart_is_no_percentage(rendered, shares, said):
    assert notes.resolution(replace(rendered["clean"].comparison, resolution=shares)) == said


@every_run
def test_the_matrix_is_the_same_in_the_terminal_html_and_markdown(rendered, run):
    comparison = rendered[run].comparison
    output = io.StringIO()
    answer.show(comparison, Console(file=output, width=250))
    _, *on_page = Page(rendered[run]["html"]).tables["matrix"]
    rows = comparison.decision.matrix.rows
    for row, (_, *cells) in zip(rows, on_page, strict=True):
        shown = [cell.split("\n")[0] for cell in cells]
        name = recommendation.row_name(comparison, row.endpoint)
        lines = [line.removeprefix(name).split() for line in output.getvalue().splitlines() if line.startswith(name)]
        assert shown in [[figure.rstrip("*=?") for figure in line] for line in lines]
        assert all(figure in rendered[run]["markdown"] for figure in shown)
    assert recommendation.head(comparison) in output.getvalue()
    assert recommendation.head(comparison) in Page(rendered[run]["html"]).text

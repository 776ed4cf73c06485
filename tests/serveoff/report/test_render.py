"""Every form of the report says the same, escapes what it is given, and fetches nothing."""

import csv
import io
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.analysis_file import load
from serveoff.analyse.comparison import Comparison
from serveoff.errors import UsageError
from serveoff.report import FORMATS, charts, contents, write_all
from serveoff.report.charts import latency as latency_chart
from serveoff.report.contents import document
from serveoff.report.formats import csv as csv_form
from serveoff.report.formats import html as html_form
from serveoff.report.formats import markdown as markdown_form
from serveoff.report.formats.markdown import escape, prose
from serveoff.report.phrases import recommendation
from serveoff.report.section import Figure, Section
from serveoff.report.sections import (
    claims,
    cold_starts,
    excluded,
    latency,
    matrix,
    notes,
    resources,
    rounds,
    tail,
)
from serveoff.report.sections.run import resource_audit
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.report.conftest import HOSTILE, RUNS
from tests.serveoff.report.page import Page
from tests.serveoff.synthetic import Faults, Scenario, write_run

REPOSITORY = Path(__file__).parents[3]
TABLES = (
    matrix.matrix,
    rounds.spread,
    tail.tail,
    cold_starts.totals,
    cold_starts.pieces,
    resources.resources,
    resource_audit.resources_seen,
    claims.overview,
)
every_run = pytest.mark.parametrize("run", RUNS)


def markdown_tables(text):
    """Header to rows of cells, for every table of a Markdown text."""
    found, header = {}, None
    for line in text.splitlines():
        if not line.startswith("| "):
            header = None
            continue
        cells = [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]
        if header is None:
            header = tuple(cells)
            found[header] = []
        elif not set(line) <= set("| -:"):
            found[header].append(cells)
    return found


@pytest.mark.parametrize("run", RUNS)
def test_a_stored_analysis_gives_the_same_report_byte_for_byte(rendered, run, tmp_path):
    written = write_all(load(rendered[run].stored).comparison, tmp_path)
    assert set(written) == set(FORMATS)
    for form, path in written.items():
        assert path.read_bytes() == rendered[run].paths[form].read_bytes(), form


def test_a_form_is_a_module_found_by_its_name(rendered):
    assert set(rendered["clean"].paths) == set(FORMATS)
    assert [p.name for p in rendered["clean"].paths.values()] == [
        "report.html",
        "report.md",
        "report.csv",
        "report.json",
    ]


def test_an_unknown_form_is_refused_with_those_there_are(rendered, tmp_path):
    with pytest.raises(UsageError, match="no report form is called 'pdf'") as refused:
        write_all(rendered["clean"].comparison, tmp_path, ["pdf"])
    assert "html, markdown, csv, json" in refused.value.hint


@every_run
@pytest.mark.parametrize("make", TABLES, ids=lambda make: make.__name__)
def test_html_and_markdown_print_the_same_figures(rendered, run, make):
    table = make(rendered[run].comparison)
    on_page = Page(rendered[run]["html"]).tables[table.name][1:]
    in_text = {len(rows): rows for head, rows in markdown_tables(rendered[run]["markdown"]).items() if _is(table, head)}
    assert on_page == [[_joined(cell) for cell in row] for row in table.rows]
    (rows,) = in_text.values()
    for row, written in zip(table.rows, rows, strict=True):
        for cell, text in zip(row, written, strict=True):
            assert text.startswith(cell.text)
            assert cell.small in text


def _is(table, head):
    return head == tuple(f"{c.title}, {c.unit}" if c.unit else c.title for c in table.columns)


def _joined(cell):
    return f"{cell.text}\n{cell.small}" if cell.small else cell.text


@every_run
def test_the_sentences_are_the_same_on_the_page_and_in_markdown(rendered, run):
    comparison = rendered[run].comparison
    page = Page(rendered[run]["html"]).text
    said = [
        recommendation.head(comparison),
        *recommendation.changes(comparison),
    ]
    for sentence in said:
        assert re.sub(r"\s+", " ", sentence.replace("`", "")) in page, "code is set as such"
        assert prose(sentence) in rendered[run]["markdown"]


@every_run
def test_csv_and_json_hold_the_figures_the_page_was_made_from(rendered, run):
    comparison = rendered[run].comparison
    lines = list(csv.DictReader(io.StringIO(rendered[run]["csv"])))
    by_point = {(line["endpoint"], line["load"]): line for line in lines}
    document = json.loads(rendered[run]["json"])
    stored = {(p["endpoint"], p["load"]): p for e in document["entries"] for p in (*e["points"], *e["others"])}
    for point in (*comparison.points, *comparison.others):
        line, kept = by_point[point.endpoint, point.load.text], stored[point.endpoint, point.load.text]
        assert line["valid"] == str(point.valid)
        assert kept["samples"] == point.samples
        if point.p50_s.value is not None:
            assert float(line["p50_s"]) == point.p50_s.value == kept["p50_s"]["value"]
            assert float(line["throughput_low"]) == point.throughput.low


@every_run
def test_the_page_fetches_nothing(rendered, run):
    text = rendered[run]["html"]
    page = Page(text)
    assert {link for link in page.links if not link.startswith(("#", "data:"))} == {claims.ARTICLE_URL}
    assert "url(" not in text
    assert "@import" not in text
    assert not {tag for tag, _ in page.tags} & {"link", "iframe", "object", "embed", "img"} - {"link"}


@every_run
def test_names_from_a_run_never_become_markup(rendered, run):
    text = rendered[run]["html"]
    assert text.count("<script") == 1
    assert "alert(" not in re.sub(r"&lt;script&gt;alert\(", "", text)
    assert "<script" not in rendered[run]["markdown"]
    linked = re.findall(r"(?<!\\)\]\((http[^)]*)\)", rendered[run]["markdown"])
    assert linked == [claims.ARTICLE_URL]


def test_a_hostile_name_is_shown_as_it_is(rendered):
    faulty = rendered["faulty"]
    assert re.sub(r"\s+", " ", HOSTILE).replace("`", "") in Page(faulty["html"]).text.replace("`", "")
    assert HOSTILE in {entry["result"]["endpoint"] for entry in json.loads(faulty["json"])["entries"]}


def test_a_spreadsheet_runs_no_formula(tmp_path):
    faults = Faults(renamed={"flask-tuned-null-rest": "=HYPERLINK(1)"})
    comparison = compare(write_run(tmp_path / "run", Scenario(only=("flask-tuned-null-rest",)), faults))
    (line, *_) = csv.DictReader(io.StringIO(csv_form.render(comparison)))
    assert line["endpoint"] == "'=HYPERLINK(1)"


def sections_of(sections):
    for section in sections:
        yield section
        yield from sections_of(section.parts)


def figures_of(comparison):
    """Every figure of a report, by the address of its section."""
    shown = document(comparison)
    return {s.id: s.figure for s in sections_of((*shown.first, *shown.folds)) if s.figure}


@every_run
@pytest.mark.parametrize("width", [charts.WIDE, charts.HALF, charts.NARROW])
def test_a_chart_is_a_named_image_of_well_formed_svg(rendered, run, width):
    figures = figures_of(rendered[run].comparison)
    assert len(figures) >= 8
    for figure in figures.values():
        svg = ElementTree.fromstring(figure.draw(width))
        assert svg.get("role") == "img"
        assert len(svg.get("aria-label")) > 40
        assert float(svg.get("viewBox").split()[2]) == width
        assert not [e for e in svg.iter() if any(v in ("nan", "inf", "-inf") for v in e.attrib.values())]
        assert figure.note


def test_the_latency_chart_marks_the_figures_of_the_table(rendered):
    comparison = rendered["clean"].comparison
    svg = ElementTree.fromstring(latency_chart.draw(comparison, charts.WIDE))
    tips = [e.get("data-tip") for e in svg.iter() if e.get("data-tip")]
    shown = [e for e in comparison.entries if e.role != "floor" and e.points]
    first = {title: rows[0] for title, rows in latency.points(comparison).groups}
    assert len(tips) == len(shown)
    for tip in tips:
        row = next(row for title, row in first.items() if title.startswith(tip.partition(":")[0]))
        assert f"p50 {row[1].text}\u00a0ms [{row[1].small}]" in tip


OPTIONAL = {"time", "time-in-parts", "batches", "capacity", "payloads", "payloads-of-each", "variants"}
"""Sections of loads, samples and signals of servers that only the clean run has."""


@every_run
def test_every_section_is_in_both_forms_once(rendered, run):
    shown = document(rendered[run].comparison)
    ids = [section.id for section in sections_of((*shown.first, *shown.folds))]
    assert len(ids) == len(set(ids))
    assert set(ids) >= OPTIONAL if run == "clean" else not set(ids) & OPTIONAL
    headings = re.findall(r"^#+ (.*)$", rendered[run]["markdown"], re.M)
    for section in sections_of((*shown.first, *shown.folds)):
        assert rendered[run]["html"].count(f'id="{section.id}"') == 1
        assert (escape(section.title) in headings) is not section.only_drawn, (
            "a drawing alone has no heading in Markdown"
        )


def test_a_new_section_is_a_function_and_its_name_in_the_list(rendered, monkeypatch):
    drawn = Figure(lambda width: f'<svg viewBox="0 0 {width} 9" role="img" aria-label="a new chart"></svg>', "A note.")
    made = Section("brand-new", "Brand new", paragraphs=("Said once.",), figure=drawn)
    monkeypatch.setattr(contents, "FOLDS", (*contents.FOLDS, lambda comparison: made))
    page, text = (form.render(rendered["clean"].comparison) for form in (html_form, markdown_form))
    assert '<div id="brand-new">' in page.rpartition('<details class="fold">')[2]
    assert page.count("a new chart") == 2, "wide and narrow"
    assert "## Brand new\n\nSaid once." in text


@every_run
def test_headings_go_down_one_level_at_a_time(rendered, run):
    levels = [int(tag[1]) for tag, _ in Page(rendered[run]["html"]).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))


@every_run
def test_a_reader_can_move_by_landmark_heading_and_key(rendered, run):
    page = Page(rendered[run]["html"])
    tags = [tag for tag, _ in page.tags]
    assert [tags.count(t) for t in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]
    first_link = next(known for tag, known in page.tags if tag == "a")
    assert first_link == {"class": "skip", "href": "#recommendation"}
    ids = {known["id"] for _, known in page.tags if "id" in known}
    assert {link[1:] for link in page.links if link.startswith("#")} <= ids
    assert tags.count("caption") == tags.count("table")
    assert all(known.get("scope") for tag, known in page.tags if tag == "th")


@every_run
def test_run_and_machine_are_named_at_top_and_bottom(rendered, run):
    text, suite = Page(rendered[run]["html"]).text, rendered[run].comparison.suite
    for name in (suite.run_id, suite.environment.machine.id):
        assert name in text[:400]
        assert name in text[-400:]


def test_a_stand_in_is_never_called_tensorflow_serving(rendered):
    for form in ("html", "markdown"):
        text = Page(rendered["clean"]["html"]).text if form == "html" else rendered["clean"]["markdown"]
        assert "embedded model server (stand-in)" in text
        assert "TensorFlow Serving itself did not run here" in text
        assert "behind TensorFlow Serving" not in text
    cells = {cell.small for row in matrix.matrix(rendered["clean"].comparison).rows for cell in row}
    assert "TensorFlow Serving" not in cells


def test_payloads_that_differ_are_said_to_differ(rendered):
    assert notes.PAYLOADS in Page(rendered["clean"]["html"]).text
    assert notes.PAYLOADS in rendered["clean"]["markdown"]


def test_a_partial_run_is_marked_in_every_form(rendered):
    partial = rendered["partial"]
    assert "partial run" in Page(partial["html"]).text
    assert "(partial run)" in partial["markdown"].splitlines()[0]
    assert json.loads(partial["json"])["complete"] is False
    assert "partial" not in Page(rendered["clean"]["html"]).text


@pytest.mark.parametrize(
    "reason",
    [
        "the server died: killed by signal 9",
        "answers checked under load were wrong",
        "the agreement gate failed",
        "no Java 17",
    ],
)
def test_the_page_tells_why_a_point_does_not_count(rendered, reason):
    assert reason in Page(rendered["faulty"]["html"]).text
    assert reason in rendered["faulty"]["markdown"]


def test_a_run_without_a_valid_point_says_so_and_still_renders(tmp_path):
    scenario = Scenario(only=("flask-torchscript-rest",))
    comparison = compare(write_run(tmp_path / "run", scenario, Faults(gate_failed=["flask-torchscript-rest"])))
    paths = write_all(comparison, tmp_path / "report")
    for form in ("html", "markdown"):
        assert "No recommendation: no contender has a VALID figure" in paths[form].read_text()


def test_a_run_that_measured_nothing_renders(tmp_path):
    comparison = compare(write_run(tmp_path / "run", Scenario(only=("none",))))
    assert isinstance(comparison, Comparison)
    paths = write_all(comparison, tmp_path / "report")
    assert "<table" in paths["html"].read_text()
    for form in ("html", "markdown"):
        text = paths[form].read_text()
        assert "Nothing was measured." in text
        assert not any(said in text for said in ("Every point is VALID.", "All 0 points are VALID."))


def test_one_kind_of_doubt_is_one_row(rendered):
    rows = excluded.invalid(rendered["faulty"].comparison).rows
    wrong = [row for row in rows if "answers checked under load were wrong" in row[2].text]
    assert [row[1].text.count("1, 4, 16 callers") for row in wrong] == [1]
    assert len({row[0].text for row in rows}) == len(rows)


def test_the_recipe_on_the_page_runs_and_names_every_endpoint(rendered):
    comparison = rendered["clean"].comparison
    command, recipe, folder = notes.recompute(comparison).split()
    assert (command, folder) == ("python", f"results/{comparison.folder}")
    said = subprocess.run(
        [sys.executable, REPOSITORY / recipe, rendered["clean"].stored.parent],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert all(point.endpoint in said for point in comparison.points)


def test_withheld_percentiles_say_how_many_samples_they_need(tmp_path):
    scenario = Scenario(slice_s=0.08, only=("flask-keras-eager-rest",), concurrencies=(1,))
    comparison = compare(write_run(tmp_path / "run", scenario))
    text = Page(write_all(comparison, tmp_path / "report")["html"].read_text()).text
    assert re.search(r"withheld ?\d+ of 368", text)


def test_a_doubt_about_another_load_names_it(tmp_path):
    folder = write_run(tmp_path / "run", Scenario(only=("flask-torchscript-rest",)))
    add_open_loop(folder, "flask-torchscript-rest", (300.0,), search=False, late_s=0.0099)
    comparison = compare(folder)
    (row,) = excluded.invalid(comparison).rows
    assert row[1].text == "TorchScript on Flask (REST): open loop, 300 req/s"
    assert "the load generator was late" in row[2].text

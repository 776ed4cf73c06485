"""The page and the Markdown carry the same figures, and no name from a run becomes markup."""

import re

import pytest

from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.across_models import sentences, tables
from serveoff.report.across_models.contents import beside, document, to_reports
from serveoff.report.formats import html, markdown
from serveoff.report.formats.markdown import escape
from tests.serveoff.report.conftest import HOSTILE
from tests.serveoff.report.page import Page

TABLES = (tables.models, tables.overheads, tables.ranks)


def as_html(summary):
    return html.page(document(summary, beside))


def as_markdown(summary):
    return markdown.page(document(summary, beside))


@pytest.fixture(scope="module")
def pages(sound, faulty):
    return {"sound": Page(as_html(sound)), "faulty": Page(as_html(faulty))}


def test_both_forms_hold_every_cell_of_every_table(sound, pages):
    text = as_markdown(sound)
    for table in (make(sound) for make in TABLES):
        rows = pages["sound"].tables[table.name][1:]
        assert len(rows) == len(table.rows) > 0
        for shown, row in zip(rows, table.rows, strict=True):
            for said, cell in zip(shown, row, strict=True):
                assert said.split() == f"{cell.text} {cell.small}".split()
                assert escape(cell.text) in text
                assert escape(cell.small) in text


def many(sound, changed):
    """The first model of a summary under six names, each with its ratio of servers and the same of formats."""
    first = sound.costed[0]
    models = []
    for name, ratio in changed.items():
        spread = first.servers.model_copy(update={"ratio": Estimate(ratio, ratio / 1.1, ratio * 1.1, 100)})
        models.append(first.model_copy(update={"model": name, "servers": spread, "formats": spread}))
    return sound.model_copy(update={"models": models})


def test_of_many_models_the_decision_names_all_and_gives_the_least_and_the_most(sound):
    said = sentences.decision(many(sound, {"a": 4.0, "b": 3.0, "c": 2.0, "d": 5.0, "e": 1.01}))
    assert said.startswith(
        "The server matters for a, b, c and d (2.00× [1.82–2.20] to 5.00× [4.55–5.50]), does not matter for e ("
    )
    assert said.count("[") == 2 * 3
    assert "The server matters for all 4 models (2.00×" in sentences.decision(
        many(sound, {"a": 4.0, "b": 3.0, "c": 2.0, "d": 5.0})
    )


def test_the_decision_says_where_the_server_and_the_format_matter(sound):
    said = sentences.decision(sound)
    assert re.match(r"The server matters for tiny_mlp \(\d\.\d+× \[\d", said)
    assert re.search(r"; the format matters for tiny_mlp .* and large_net \(1\.\d+× \[\d", said)
    assert said.count(".") >= 1
    assert said.endswith(".")


def test_the_description_of_each_model_stands_beside_its_name(sound, pages):
    assert [row[0].split("\n") for row in pages["sound"].tables["models"][1:]] == [
        [m.model, f"what {m.model} is good for"] for m in sound.models
    ]


def test_a_crossing_names_the_measured_models_on_either_side(sound):
    tiny, middle, large = sound.models
    said = sentences.crossing(sound, ("flask", "rest"))
    assert re.fullmatch(r"between 0\.4\d+ ms \(tiny_mlp\) and 5\.\d+ ms \(middle_cnn\)", said)
    for models, expected in (((tiny,), r"above 0\.4\d+ ms \(tiny_mlp\)"), ((middle, large), r"below 5\.\d+ ms .*")):
        assert re.fullmatch(
            expected, sentences.crossing(sound.model_copy(update={"models": models}), ("flask", "rest"))
        )


def test_the_recommendation_of_each_run_stands_beside_its_model(sound, pages):
    rows = pages["sound"].tables["models"][1:]
    assert [row[2].split("\n") for row in rows] == [["TorchScript · REST", "Flask"]] * len(sound.models)
    assert ["against" in row[5] or "than" in row[5] for row in rows] == [True] * len(rows)


def test_what_failed_is_a_row_with_its_reason(faulty, pages):
    page = pages["faulty"]
    last = page.tables["models"][-1]
    assert last[0] == "broken_net"
    assert "export failed" in last[2]
    missing = {(row[0], row[1].replace("\n", ", ")): row[2] for row in page.tables["missing"][1:]}
    assert "agreement gate failed" in missing["middle_cnn", "TorchScript · REST, Flask"]
    assert any("no Java" in why for why in missing.values())
    assert missing["large_net", "the run ended early"] == "the server did not start"
    overheads = {tuple(row[0].split("\n")): row[1:] for row in page.tables["overheads"][1:]}
    assert overheads["REST", "TorchServe"][1] == "INVALID"


def test_no_name_of_a_run_becomes_markup(faulty, pages):
    assert [tag for tag, known in pages["faulty"].tags if tag == "script" and known] == []
    assert as_html(faulty).count("<script>") == 1
    assert HOSTILE in pages["faulty"].text
    text = as_markdown(faulty)
    assert "<script" not in text
    assert re.search(r"(?<!\\)\]\(http://example", text) is None


def test_nothing_is_fetched_and_every_report_is_linked(sound, pages):
    links = [link for link in pages["sound"].links if not link.startswith(("#", "data:"))]
    assert links == [f"../../reports/run-{model.model}/report.html" for model in sound.models]
    text = as_markdown(sound)
    assert all(f"]({link})" in text for link in links)


def test_links_are_relative_to_where_the_summary_lies(tmp_path):
    link = to_reports(tmp_path / "a" / "results" / "summary-1", tmp_path / "elsewhere")
    assert link("run 1") == "../../../elsewhere/run%201/report.html"


def test_every_chart_is_named_for_a_screen_reader_and_drawn_twice(pages):
    charts = [known for tag, known in pages["sound"].tags if tag == "svg"]
    assert len(charts) == 2
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)


def test_a_summary_of_one_model_has_a_page(sound):
    page = Page(as_html(sound.model_copy(update={"models": sound.models[:1]})))
    assert len(page.tables["overheads"]) == 1 + len(sound.served_by)


def test_without_a_single_floor_nothing_is_drawn_and_the_page_says_so(sound):
    bare = [m.model_copy(update={"cost": None, "servers": None, "formats": None}) for m in sound.models]
    page = Page(as_html(sound.model_copy(update={"models": tuple(bare)})))
    assert [tag for tag, _ in page.tags if tag == "svg"] == []
    assert "No server has an overhead" in page.text
    assert "No model has two endpoints" in page.text

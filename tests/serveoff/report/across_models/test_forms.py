"""The page and the Markdown carry the same figures, and no name from a run becomes markup."""

import re

import pytest

from serveoff.analyse.across_models.summary import Crossing
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.across_models import html, markdown, sentences, sides, tables
from serveoff.report.across_models.links import beside, to_reports
from serveoff.report.formats.markdown import escape
from tests.serveoff.report.conftest import HOSTILE
from tests.serveoff.report.page import Page

TABLES = (
    tables.models,
    tables.choices,
    tables.overheads,
    tables.crossings,
    tables.ranks,
    sides.rivals,
    sides.binaries,
)


@pytest.fixture(scope="module")
def pages(sound, faulty):
    return {"sound": Page(html.render(sound, beside)), "faulty": Page(html.render(faulty, beside))}


def test_both_forms_hold_every_cell_of_every_table(sound, pages):
    text = markdown.render(sound, beside)
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


def test_a_crossing_that_is_not_reached_names_the_model_its_cost_and_what_is_left(sound):
    line = sound.lines[-1].model_copy(update={"latency": Crossing(state="not reached", upper="middle_cnn")})
    assert re.match(
        r"not reached: even middle_cnn at 5\.\d+ ms still has \d\d\.\d% \[\d", sentences.under_latency(sound, line)
    )


def test_a_crossing_below_the_cheapest_model_says_so(sound):
    line = sound.lines[0].model_copy(update={"latency": Crossing(state="under", lower="tiny_mlp")})
    assert sentences.under_latency(sound, line).startswith("already under 10% at the cheapest model, tiny_mlp (0.4")


def test_an_open_interval_says_where_it_ends():
    found = Crossing(state="between", cost_s=0.004, low_s=0.003, lower="a", upper="b")
    assert sentences.span(found) == "3.00–beyond the most expensive model"


def test_what_failed_is_a_row_with_its_reason(faulty, pages):
    page = pages["faulty"]
    last = page.tables["models"][-1]
    assert last[0] == "broken_net"
    assert "export failed" in last[3]
    missing = {(row[0], row[1].replace("\n", ", ")): row[2] for row in page.tables["missing"][1:]}
    assert "agreement gate failed" in missing["middle_cnn", "TorchScript · REST, Flask"]
    assert any("no Java" in why for why in missing.values())
    assert missing["large_net", "the run ended early"] == "the server did not start"
    overheads = {tuple(row[0].split("\n")): row[1:] for row in page.tables["overheads"][1:]}
    assert overheads["REST", "TorchServe"][1] == "INVALID"


def test_no_name_of_a_run_becomes_markup(faulty, pages):
    assert [tag for tag, known in pages["faulty"].tags if tag == "script" and known] == []
    assert html.render(faulty, beside).count("<script>") == 1
    assert HOSTILE in pages["faulty"].text
    text = markdown.render(faulty, beside)
    assert "<script" not in text
    assert re.search(r"(?<!\\)\]\(http://example", text) is None


def test_nothing_is_fetched_and_every_report_is_linked(sound, pages):
    links = [link for link in pages["sound"].links if not link.startswith(("#", "data:"))]
    assert links == [f"../../reports/run-{model.model}/report.html" for model in sound.models]
    text = markdown.render(sound, beside)
    assert all(f"]({link})" in text for link in links)


def test_links_are_relative_to_where_the_summary_lies(tmp_path):
    link = to_reports(tmp_path / "a" / "results" / "summary-1", tmp_path / "elsewhere")
    assert link("run 1") == "../../../elsewhere/run%201/report.html"


def test_every_chart_is_named_for_a_screen_reader_and_drawn_twice(pages):
    charts = [known for tag, known in pages["sound"].tags if tag == "svg"]
    assert len(charts) == 2 * 3
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)


def test_a_summary_of_one_model_has_no_crossing_and_still_a_page(sound):
    from serveoff.analyse.across_models.study import lines

    alone = sound.model_copy(update={"models": sound.models[:1], "lines": lines(sound.models[:1])})
    text = markdown.render(alone, beside)
    assert "that takes two models" in text
    assert Page(html.render(alone, beside)).tables["crossings"]


def test_without_a_single_floor_nothing_is_drawn_and_the_page_says_so(sound):
    bare = [m.model_copy(update={"floors": [], "servers": None, "formats": None}) for m in sound.models]
    for model in bare:
        model.spots = [spot.model_copy(update={"overhead": None}) for spot in model.spots]
    empty = sound.model_copy(update={"models": bare, "lines": []})
    page = Page(html.render(empty, beside))
    assert [tag for tag, _ in page.tags if tag == "svg"] == []
    assert "No server has an overhead" in page.text
    assert "No model has two endpoints" in page.text

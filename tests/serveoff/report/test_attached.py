"""A whole report of attached endpoints: nothing in it is of formats, floors, stand-ins, artifacts or cold starts."""

import csv
import io
import json
import re
from collections import Counter

import pytest
from rich.console import Console

from serveoff.analyse import canary
from serveoff.analyse.run_diff import versus
from serveoff.cli import answer
from serveoff.report import canary_markdown, run_diff_markdown
from serveoff.report.contents import document
from serveoff.report.formats import csv as as_csv
from serveoff.report.formats import html as as_html
from serveoff.report.formats import json as as_json
from serveoff.report.formats import markdown as as_markdown
from serveoff.report.write import write_report
from tests.language import stumbles
from tests.serveoff.attached_runs import RUNS
from tests.serveoff.report.page import Page
from tests.serveoff.report.test_limits import FEW
from tests.serveoff.report.test_render import sections_of

FOREIGN = ("floor", "stand-in", "Flask", "in process", "artifact", "SavedModel", "golden", "trained model", "claim")


@pytest.mark.parametrize("run", RUNS)
def test_no_section_speaks_of_what_is_not_there(attached_analysis, run):
    comparison = attached_analysis(run).comparison
    page = re.sub(r"golden (in|out)puts of questions", "", Page(as_html.render(comparison)).text)
    assert [word for word in FOREIGN if re.search(rf"\b{word}", page, re.IGNORECASE)] == []
    assert stumbles(page) == []
    assert stumbles(as_markdown.render(comparison)) == []
    assert page.count("cannot be seen from outside") == (run not in ("restless", "idle"))


def test_sections_that_have_nothing_to_say_are_not_there(attached_analysis):
    shown = document(attached_analysis("several").comparison)
    assert [section.id for section in shown.first] == [
        "recommendation",
        "certainty",
        "left-out",
        "matrix",
        "parity",
        "load",
    ]
    assert [section.id for section in shown.folds] == [
        "endpoints",
        "rounds",
        "tail",
        "excluded",
        "method",
        "environment",
        "raw-data",
    ]
    assert "resources" in [section.id for section in document(attached_analysis("seen").comparison).folds]


def test_tables_say_where_an_endpoint_is(attached_analysis):
    page = Page(as_html.render(attached_analysis("several").comparison))
    names = [row[0] for row in page.tables["matrix"][1:]]
    assert "prod\nREST at 10.0.0.7:8501" in names
    assert "blue\ngRPC at blue.example:8500" in names


def test_csv_and_json_hold_every_point_and_the_verdict(attached_analysis):
    comparison = attached_analysis("several").comparison
    lines = list(csv.DictReader(io.StringIO(as_csv.render(comparison))))
    assert {(line["endpoint"], line["concurrency"]) for line in lines} == {
        (name, callers) for name in ("prod", "canary", "blue", "green", "red") for callers in ("1", "4")
    }
    found = json.loads(as_json.render(comparison))["decision"]
    assert found["attached"]["baseline"] == "prod"
    assert found["canary"]["failed"] is True
    assert [judged["passing"] for judged in found["canary"]["judged"]] == [
        "slower",
        "not slower",
        "not ranked",
        "not ranked",
    ]
    assert json.loads(as_json.render(attached_analysis("alone").comparison))["decision"]["canary"] is None


def test_the_verdict_for_a_pull_request(attached_analysis):
    comparison = attached_analysis("several").comparison
    text = canary_markdown.render(comparison, canary.asked(comparison))
    assert text.startswith("# Failed: canary is slower than prod by more than 5%; green has no VALID figure")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in lines[2:]] == [
        f"| {name}" for name in ("canary", "blue", "green", "red") for _ in range(2)
    ]
    assert re.search(r"\| canary \| median latency, ms, 1 caller \|.*\| 1\.0\d times slower \(.*\) \| slower \|", text)
    assert "INVALID (it was left alone" in text
    assert "that this run would show: " in text
    assert f"Run {comparison.suite.run_id}, 2026-01-02, machine a1b2c3d4" in text


def test_it_lies_beside_the_report_where_it_was_asked_for(attached_run, tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_REPORTS", str(tmp_path))
    written = write_report(attached_run("slower"))
    assert written.valid
    assert written.paths["verdict"] == tmp_path / "slower" / "verdict.md"
    assert written.paths["verdict"].read_text().startswith("# Failed: canary is slower")
    assert "verdict" not in write_report(attached_run("alone")).paths


def test_what_a_server_says_is_text_in_every_form(attached_analysis):
    comparison = attached_analysis("refused").comparison
    verdict = canary_markdown.render(comparison, canary.asked(comparison))
    page = as_html.render(comparison)
    assert "<script>alert" not in page + verdict + as_markdown.render(comparison)
    assert "HTTP 401" in page
    assert "HTTP 401" in verdict
    output = io.StringIO()
    answer.show(comparison, Console(file=output, width=80))
    assert "HTTP 401" in output.getvalue()
    assert "\x1b" not in output.getvalue()
    rows = [line for line in verdict.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}, "a cell does not end early"


def test_two_such_runs_are_set_side_by_side(attached_analysis):
    found = versus(attached_analysis("slower"), attached_analysis("allowed"))
    said = run_diff_markdown.render(found, [], 0.05)
    assert "| prod, REST | 1 |" in said
    assert found.same_model
    assert {line.pair("p50").word for line in found.lines} == {"tied"}


@pytest.mark.parametrize("run", ["slower", "several", "seen"])
def test_no_sentence_stands_twice(attached_analysis, run):
    shown = document(attached_analysis(run).comparison)
    said = Counter()
    for section in sections_of((*shown.first, *shown.folds)):
        texts = [section.lead, *section.items, *section.paragraphs, *(fact.text for fact in section.facts)]
        said.update(sentence for text in texts for sentence in re.split(r"(?<=\.) (?=[A-Z])", text))
    assert [sentence for sentence, count in said.items() if count > 1 and len(sentence.split()) > FEW] == []

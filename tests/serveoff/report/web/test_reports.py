"""A run's report is the one that `serveoff report` writes, in every form."""

import base64
import csv
import hashlib
import io
import json
import re

import pytest

from serveoff.analyse import point_estimates, slice_rows
from serveoff.analyse.analysis import compare
from serveoff.report import write_all
from serveoff.report.formats import html
from serveoff.report.formats.html import SUFFIX
from serveoff.report.web.app import create_app
from tests.serveoff.report.page import Page


@pytest.mark.parametrize("run", ["before", "killed", "partial"])
def test_the_page_is_the_report_with_a_bar_that_leads_back(client, results, run):
    served = client.get(f"/runs/{run}/").text
    bar = re.search(r'<link rel="stylesheet".*?</div>\n?', served, re.S)[0]
    assert served.replace(bar, "") == html.render(compare(results / run))
    assert 'href="/"' in bar
    assert f'href="/runs/{run}/report.csv"' in bar


def test_every_form_is_offered_as_a_file(client, results, tmp_path):
    written = write_all(compare(results / "killed"), tmp_path)
    assert SUFFIX in {path.suffix for path in written.values()}
    for path in written.values():
        answer = client.get(f"/runs/killed/{path.name}")
        assert answer.data == path.read_bytes()
        assert answer.headers["Content-Disposition"] == f"attachment; filename=serveoff-killed{path.suffix}"


def test_the_files_say_what_they_are(client):
    answer = client.get("/runs/before/report.json")
    assert answer.mimetype == "application/json"
    assert json.loads(answer.text)["complete"] is True
    answer = client.get("/runs/before/report.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert len(list(csv.DictReader(io.StringIO(answer.text)))) == 7
    assert client.get("/runs/before/report.md").mimetype == "text/markdown"


@pytest.mark.parametrize(
    "path",
    ["/", "/runs/killed/", "/runs/killed/report.json", "/compare?a=before&b=killed"],
)
def test_no_page_reads_rows_or_draws_again(results, monkeypatch, path):
    def refuse(*_, **__):
        raise AssertionError("the page reads what is stored")

    monkeypatch.setattr(slice_rows, "read_run", refuse)
    for name in ("measure", "resample_all", "judge_point"):
        monkeypatch.setattr(point_estimates, name, refuse)
    assert create_app(results).test_client().get(path).status_code == 200


@pytest.mark.parametrize("path", ["report.pdf", "report.", "run.json", "rows/x.parquet", "report.html/x"])
def test_nothing_else_of_a_run_is_served(client, path):
    assert client.get(f"/runs/before/{path}").status_code == 404


def test_only_the_report_s_own_style_and_script_may_run(client):
    answer = client.get("/runs/before/")
    policy = answer.headers["Content-Security-Policy"]
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(rf"<{element}>(.*?)</{element}>", answer.text, re.S)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'self' 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_an_address_without_its_slash_leads_on(client):
    answer = client.get("/runs/before")
    assert (answer.status_code, answer.location) == (308, "/runs/before/")


def test_the_report_of_an_unfinished_run_says_so(client):
    assert "partial run" in Page(client.get("/runs/partial/").text).text

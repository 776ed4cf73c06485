"""Runs of attached endpoints on the page: the list, a report, and two of them side by side."""

import re
import shutil

import pytest

from serveoff.report.web.app import create_app
from tests.serveoff.report.page import Page
from tests.serveoff.report.web.conftest import analysed, verdict


@pytest.fixture(scope="module")
def client(attached_run, tmp_path_factory):
    root = tmp_path_factory.mktemp("results")
    for name in ("slower", "several"):
        analysed(shutil.copytree(attached_run(name), root / name))
    return create_app(root).test_client()


def test_the_list_says_how_the_canary_stands(client):
    text = Page(verdict(client, "slower")).text
    assert re.search(
        r"canary is 1\.0\d times slower than prod \(.*?\) 2\.1\d ms median with 1 caller, prod 2\.0\d ms", text
    )
    assert "Failed: canary is slower than prod by more than 5%" in text
    assert "6 VALID 4 INVALID" in Page(verdict(client, "several")).text


def test_a_report_and_its_files_are_served(client):
    assert "Parity" in client.get("/runs/slower/").text
    for suffix in ("json", "csv", "md"):
        assert client.get(f"/runs/slower/report.{suffix}").status_code == 200


def test_two_runs_are_set_side_by_side_with_what_differs(client):
    answer = client.get("/compare?a=slower&b=several")
    text = Page(answer.text).text
    assert answer.status_code == 200
    assert "prod (tfserving at http://10.0.0.7:8501/v1/models/m)" in text
    assert "not in A" in text, "blue is in one of both only"

"""Summaries across models on the report page: listed, shown from their figures, and never trusted."""

import json
import os

import pytest

from serveoff.cli.summary import write
from serveoff.report.across_models import store
from serveoff.report.web.app import create_app
from tests.chromium import faults, needs_chromium, opened
from tests.serveoff.model_runs import write_model
from tests.serveoff.report.conftest import HOSTILE
from tests.serveoff.report.page import Page
from tests.serveoff.report.web.conftest import change
from tests.serveoff.report.web.test_process import Running
from tests.serveoff.synthetic import Scenario

SHORT = Scenario(slice_s=0.16, only=("flask-torchscript-rest", "torchserve-torchscript-rest", "inprocess-torchscript"))


class Silent:
    def print(self, *_, **__):
        pass


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("summaries")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SERVEOFF_RESULTS", str(root))
        folders = [write_model(root / name, model, SHORT) for name, model in (("a", "tiny_mlp"), ("b", "middle_cnn"))]
        write(folders, False, Silent())
    return root


@pytest.fixture(scope="module")
def client(root):
    return create_app(root).test_client()


@pytest.fixture(scope="module")
def name(root):
    (folder,) = root.glob(f"{store.PREFIX}*")
    return folder.name


def test_the_list_links_a_summary_by_its_models(client, name):
    answer = client.get("/")
    assert f'<a href="/summaries/{name}/">tiny_mlp, middle_cnn</a>' in answer.text
    assert answer.text.count('<li class="run">') == 2, "a summary is no run"


def test_a_report_leads_to_the_summary_that_holds_its_run(client, name):
    assert f'<a href="/summaries/{name}/">tiny_mlp, middle_cnn</a>' in client.get("/runs/a/").text


def test_without_summaries_the_list_says_nothing_of_them(own):
    assert "Across models" not in own.get("/").text


def test_a_summary_is_shown_with_links_to_its_reports_under_a_policy_that_lets_nothing_else_run(client, name):
    answer = client.get(f"/summaries/{name}/")
    page = Page(answer.text)
    assert {"/runs/a/", "/runs/b/"} <= set(page.links)
    assert len(page.tables["models"]) == 3
    assert "sha256-" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("suffix", ["html", "md", "json"])
def test_a_download_is_what_was_written(client, root, name, suffix):
    answer = client.get(f"/summaries/{name}/summary.{suffix}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    if suffix == "json":
        assert answer.text == (root / name / "summary.json").read_text()
    else:
        assert "tiny_mlp" in answer.text


def test_what_is_stored_as_html_is_not_what_is_served(root, client, name):
    stored = root / name / "summary.html"
    kept = stored.read_text()
    stored.write_text("<script>evil()</script>")
    try:
        assert "evil" not in client.get(f"/summaries/{name}/").text
        assert "evil" not in client.get(f"/summaries/{name}/summary.html").text
    finally:
        stored.write_text(kept)


def test_names_from_a_file_are_escaped(root, name, folder, own):
    document = json.loads((root / name / "summary.json").read_text())
    for model in document["models"]:
        model["model"] += HOSTILE
        model["run_id"] = f"../{HOSTILE}"
    document["summary_id"] = HOSTILE
    (folder / "summary-hostile").mkdir()
    (folder / "summary-hostile" / "summary.json").write_text(json.dumps(document))
    for path in ("/", "/summaries/summary-hostile/"):
        text = own.get(path).text
        assert "<script>alert" not in text
    assert own.get("/summaries/summary-hostile/").status_code in (200, 422)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema_version": 3}', "\x00"])
def test_a_damaged_summary_is_listed_as_such_and_breaks_nothing(folder, own, content):
    (folder / "summary-damaged").mkdir()
    (folder / "summary-damaged" / "summary.json").write_text(content)
    assert "unreadable" in Page(own.get("/").text).text
    assert own.get("/summaries/summary-damaged/").status_code == 422


@pytest.mark.parametrize("estimate", [None, 0.0, -1.0, 1e308])
def test_figures_that_make_no_sense_are_no_defect(root, name, folder, own, estimate):
    document = json.loads((root / name / "summary.json").read_text())
    for model in document["models"]:
        model["cost"] |= {"value": estimate, "low": estimate}
        for spot in model["spots"]:
            if spot["overhead"]:
                spot["overhead"] |= {"value": estimate, "high": estimate}
    (folder / "summary-odd").mkdir()
    (folder / "summary-odd" / "summary.json").write_text(json.dumps(document))
    assert own.get("/summaries/summary-odd/").status_code in (200, 422)
    assert own.get("/").status_code == 200


def test_nothing_outside_of_the_folder_is_read(folder, own):
    (folder.parent / "secret" / "summary.json").write_text("{}")
    os.symlink(folder.parent / "secret", folder / "summary-link")
    for path in ("/summaries/summary-link/", "/summaries/../secret/", "/summaries/..%2Fsecret/", "/summaries/nope/"):
        assert own.get(path).status_code in (404, 308)
    assert "summary-link" not in own.get("/").text


def test_only_known_forms_are_there(client, name):
    assert client.get(f"/summaries/{name}/summary.pickle").status_code == 404


def test_runs_are_no_summaries_and_summaries_are_no_runs(client, name, root):
    change(root / "a")
    assert client.get("/summaries/a/").status_code == 404
    assert client.get(f"/runs/{name}/").status_code == 404


@pytest.fixture(scope="module")
def running(root):
    page = Running(root)
    yield page
    page.stop()


@needs_chromium[0]
@needs_chromium[1]
@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
@pytest.mark.parametrize("path", ["/", "/summaries/{}/"])
def test_axe_finds_no_fault_and_the_policy_blocks_nothing_of_ours(browser, running, name, path, width, scheme):
    address = f"http://{running.host}:{running.port}{path.format(name)}"
    with opened(browser, address, width, color_scheme=scheme) as page:
        assert faults(page) == {}
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if path != "/":
            assert page.locator("thead button").count() > 0

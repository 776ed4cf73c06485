"""`serveoff summary RUN RUN ...`: written beside the runs, and refused where that would mislead."""

import os

import pytest
from typer.testing import CliRunner

from serveoff.analyse.analysis_file import ANALYSIS_NAME, load
from serveoff.cli import app as cli
from serveoff.errors import ExitCode, NotWritten, ServeoffError
from serveoff.report.across_models import store
from tests.serveoff.model_runs import write_model
from tests.serveoff.report.web.conftest import change
from tests.serveoff.synthetic import Scenario

SHORT = Scenario(slice_s=0.12, only=("flask-torchscript-rest", "torchserve-torchscript-rest", "inprocess-torchscript"))


@pytest.fixture
def results(tmp_path, monkeypatch):
    root = tmp_path / "results"
    monkeypatch.setenv("SERVEOFF_RESULTS", str(root))
    monkeypatch.setenv("SERVEOFF_REPORTS", str(tmp_path / "reports"))
    write_model(root / "a", "tiny_mlp", SHORT)
    write_model(root / "b", "middle_cnn", SHORT)
    return root


def invoke(*arguments):
    return CliRunner().invoke(cli.app, ["summary", *arguments])


def test_runs_are_named_by_id_by_folder_or_as_the_latest(results):
    done = invoke("a", "latest")
    assert done.exit_code == 0
    (folder,) = results.glob("summary-*")
    assert {path.name for path in folder.iterdir()} == {"summary.html", "summary.md", "summary.json"}
    assert [model.model for model in store.load(folder).models] == ["tiny_mlp", "middle_cnn"]
    assert 'href="../../reports/a/report.html"' in (folder / "summary.html").read_text()
    assert invoke(str(results / "a"), "b").exit_code == 0


def test_the_same_runs_give_the_same_figures(results):
    for _ in range(2):
        invoke("a", "b")
    first, *others = [store.load(folder) for folder in results.glob("summary-*")]
    for other in others:
        assert first.models == other.models


@pytest.mark.parametrize("arguments", [("a",), ("a", "a"), ("a", "elsewhere")])
def test_what_cannot_be_summarised_is_refused(results, arguments):
    change(write_model(results / "elsewhere", "large_net", SHORT), machine="ffff")
    failed = invoke(*arguments)
    assert isinstance(failed.exception, ServeoffError)
    assert failed.exception.exit_code == ExitCode.USAGE
    assert list(results.glob("summary-*")) == []


def test_runs_of_different_machines_are_taken_where_that_is_asked_for_and_the_page_says_so(results):
    change(write_model(results / "elsewhere", "large_net", SHORT), machine="ffff")
    assert invoke("a", "elsewhere", "--mixed").exit_code == 0
    (folder,) = results.glob("summary-*")
    assert "machine a1b2c3d4 / ffff" in (folder / "summary.md").read_text()


def full(folder, name):
    """A file of the folder whose disk has no space left."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f".{name}.{os.getpid()}").symlink_to("/dev/full")


def test_a_summary_that_cannot_be_written_is_told_with_what_to_do_then(results, monkeypatch):
    monkeypatch.setattr(store, "new_id", lambda runs: "summary-full")
    full(results / "summary-full", "summary.json")
    failed = invoke("a", "b").exception
    assert isinstance(failed, NotWritten)
    assert "summary-full: No space left on device" in str(failed)
    assert failed.hint.endswith(f"then: serveoff summary {results / 'a'} {results / 'b'}")


def test_so_is_a_report_that_cannot_lead_on_to_it(results):
    assert CliRunner().invoke(cli.app, ["report", "b"]).exit_code == 0
    full(results.parent / "reports" / "b", "report.html")
    failed = invoke("a", "b").exception
    assert isinstance(failed, NotWritten)
    assert failed.hint.endswith(f"then: serveoff report {results / 'b'}")
    (folder,) = results.glob("summary-*")
    assert store.load(folder).models


def test_a_run_that_is_not_there_is_named(results):
    failed = invoke("a", "nope")
    assert "no run is called 'nope'" in str(failed.exception)


def test_a_summary_is_no_run(results):
    invoke("a", "b")
    listed = CliRunner().invoke(cli.app, ["runs"])
    assert "summary-" not in listed.output


def test_the_reports_of_its_runs_lead_to_a_summary_that_came_after_them(results):
    report = results.parent / "reports" / "a"
    assert CliRunner().invoke(cli.app, ["report", "a"]).exit_code == 0
    assert load(results / "a" / ANALYSIS_NAME).source.is_still(results / "a")
    assert "summary.html" not in (report / "report.html").read_text()
    before = (report / "report.csv").stat().st_mtime_ns
    assert invoke("a", "b").exit_code == 0
    (summary,) = results.glob("summary-*")
    way = f"../../results/{summary.name}/summary"
    assert f'<a href="{way}.html">tiny_mlp, middle_cnn</a>' in (report / "report.html").read_text()
    assert f"]({way}.md)" in (report / "report.md").read_text()
    assert (report / way).with_suffix(".html").resolve() == (summary / "summary.html").resolve()
    assert (report / "report.csv").stat().st_mtime_ns == before
    assert not (results.parent / "reports" / "b").exists(), "a report that nobody wrote is not made"


def test_a_report_written_later_leads_to_the_summaries_that_hold_its_run_and_to_no_other(results):
    write_model(results / "c", "large_net", SHORT)
    invoke("a", "b")
    (summary,) = results.glob("summary-*")
    broken = results / "summary-19990101-000000-0000"
    broken.mkdir()
    (broken / "summary.json").write_text("{")
    for run in ("a", "c"):
        assert CliRunner().invoke(cli.app, ["report", run]).exit_code == 0
    texts = {run: (results.parent / "reports" / run / "report.html").read_text() for run in ("a", "c")}
    assert texts["a"].count("summary.html") == 1
    assert summary.name in texts["a"]
    assert "summary.html" not in texts["c"]

"""A model that could not be exported to every format: what it lacks is told, and the rest is measured."""

import csv
import io
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console
from typer.testing import CliRunner

from serveoff.analyse.analysis import compare
from serveoff.analyse.race import look
from serveoff.cli import app as cli
from serveoff.measure import run_lifecycle, runner
from serveoff.measure.plan.profiles import run_settings
from serveoff.measure.runtimes.cpus import plan_cpus
from serveoff.record.problems import RequestCode
from serveoff.record.suite import load_suite
from serveoff.report.formats import csv as lines
from serveoff.report.formats import html, markdown
from serveoff.report.sections import excluded
from serveoff.services.registry import read_registry
from tests.imported import write_model

REASON = "the model has no savedmodel artifact: no such operator in ONNX (aten::fft_fft)"
SHORT = {"slice_s": 0.5, "warmup_s": 0.2, "rounds": 1, "concurrencies": [1], "vary": ["defaults"]}


@pytest.fixture
def carried_out(tmp_path, monkeypatch):
    """Run these endpoints of an imported model that has one format, TorchScript, of which nothing is served here."""
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(tmp_path / "models"))
    monkeypatch.setenv("SERVEOFF_RESULTS", str(tmp_path / "results"))
    write_model(tmp_path / "models" / "mine", missing=("savedmodel", "keras_eager"))

    def run(*endpoints, profile="quick", **given):
        cpus = plan_cpus()
        cores = {"server_cpus": cpus.server, "client_cpus": cpus.client}
        settings = run_settings(profile, model="mine", endpoints=endpoints, **cores, **(given or SHORT))
        run_lifecycle.check(settings)
        run_lifecycle.prepare(settings, Console(quiet=True))
        folder = run_lifecycle.begin(settings)
        run_lifecycle.carry_out(folder, Console(quiet=True), look)
        return folder

    return run


def test_every_endpoint_of_a_missing_format_says_why_and_the_run_is_complete(carried_out):
    folder = carried_out("flask-savedmodel", "tfserving-savedmodel", "inprocess-savedmodel")
    suite = load_suite(folder)
    assert suite.complete
    assert {e.unavailable.text for e in suite.endpoints} == {REASON}
    assert [e.protocol for e in suite.endpoints] == ["rest", "grpc", "rest", "call"]
    assert not any(e.variant or e.windows or e.cold_start for e in suite.endpoints), "its variants are no rows"
    assert suite.model_source == "torchscript"


def test_so_does_a_run_of_minutes_that_has_nothing_to_measure_and_ends_at_once(carried_out, monkeypatch):
    monkeypatch.setattr(runner, "measure_rounds", None)  # no round is begun
    suite = load_suite(carried_out("flask-savedmodel", profile="default", minutes=1440))
    assert suite.complete
    assert {e.unavailable.text for e in suite.endpoints} == {REASON}


@pytest.mark.parametrize(
    ("given", "spared"),
    [({"minutes": 3}, True), ({"minutes": 3, "endpoints": ["tfserving-savedmodel"]}, False), ({"rounds": 1}, False)],
)
def test_a_short_run_spares_what_never_ranks_unless_it_is_named(given, spared):
    settings = run_settings("quick", model="mine", **given)
    stand_in = next(d for d in read_registry(environ={}) if d.name == "tfserving-savedmodel")
    stand_in = replace(stand_in, server="tfserving-embedded")
    here = SimpleNamespace(missing={}, artifacts={"savedmodel": None})
    problem = run_lifecycle._not_asked(stand_in, here, settings)
    assert (problem is not None and problem.code is RequestCode.SHORT_RUN) == spared


def test_the_reason_is_in_every_form_of_the_report(carried_out):
    found = compare(carried_out("flask-savedmodel"))
    assert [cell.text for cell in excluded.unavailable(found).rows[0]][1:] == ["all", REASON]
    section = html.render(found).split('id="unavailable"')[1].split("</details>")[0]
    assert REASON in section
    assert REASON in markdown.render(found).split("## Not run here")[1].replace("\\", "")
    (line,) = csv.DictReader(io.StringIO(lines.render(found)))
    assert line["reasons"] == REASON


@pytest.mark.slow
def test_the_rest_goes_on(carried_out):
    suite = load_suite(carried_out("flask-savedmodel", "flask-tuned-null"))
    missing, null = suite.endpoints if suite.endpoints[0].unavailable else suite.endpoints[::-1]
    assert (missing.unavailable.text, null.unavailable) == (REASON, None)
    assert missing.unavailable.code is RequestCode.NO_ARTIFACT
    assert null.gate.passed
    assert null.gate.top1_agreement == 1.0, "one of its two outputs has classes"
    assert null.windows[0].requests > 0
    assert null.windows[0].wrong_answers == 0
    assert suite.complete


def test_a_model_that_takes_one_row_at_a_time_is_noted_at_every_endpoint(carried_out, tmp_path):
    file = tmp_path / "models/mine/manifest.json"
    file.write_text(file.read_text().replace('"one_row":false', '"one_row":true'))
    suite = load_suite(carried_out("flask-savedmodel"))
    assert {endpoint.note for endpoint in suite.endpoints} == {run_lifecycle.ONE_ROW}


def test_list_tells_what_the_import_noted(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(tmp_path))
    manifest = write_model(tmp_path / "mine").model_copy(update={"notes": ("labels are left out",)})
    (tmp_path / "mine/manifest.json").write_text(manifest.model_dump_json())
    assert "note: labels are left out" in CliRunner().invoke(cli.app, ["list", "--model", "mine"]).stdout


def test_list_marks_them(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    write_model(tmp_path / "mine")
    lines_said = CliRunner().invoke(cli.app, ["list", "--model", "mine"]).stdout.splitlines()
    rows = {line.split()[0]: line.rstrip() for line in lines_said if line.strip()}
    assert rows["flask-savedmodel"].endswith(f"none: {REASON}")
    assert rows["flask-torchscript"].endswith("flask-torchscript-rest")

"""Several models in one command: one run each, failures are rows, an interrupt keeps what there is."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console
from typer.testing import CliRunner

from serveoff.cli import app as cli
from serveoff.cli import campaign
from serveoff.cli.options import models_of
from serveoff.errors import ArtifactFailure, ExitCode, NotWritten, ServerFailed
from serveoff.measure import run_lifecycle
from serveoff.measure.plan.profiles import run_settings
from serveoff.models import catalog
from serveoff.record.problems import StartCode
from serveoff.record.suite import load_suite, results_root
from serveoff.report.across_models import store
from tests.serveoff.model_runs import COSTS_S, write_model
from tests.serveoff.synthetic import Faults, Scenario

ENDPOINTS = ("flask-torchscript-rest", "torchserve-torchscript-rest", "inprocess-torchscript")
SHORT = Scenario(slice_s=0.12, only=ENDPOINTS)
ZOO = tuple(COSTS_S)
CHECK = run_lifecycle.check


class Made:
    """Stands for the measuring: `begin` makes a run's folder, `carry_out` fills it as a run would."""

    def __init__(self, fails=(), cuts=(), void=()):
        self.fails, self.cuts, self.void, self.order, self.prepared = dict(fails), cuts, void, [], []

    def prepare(self, request, console):
        self.prepared.append(request.model)
        if request.model in self.fails and self.fails[request.model] == "export":
            raise ArtifactFailure(f"`python -m serveoff.models export {request.model}` failed")

    def begin(self, request):
        self.order.append(request.model)
        folder = results_root() / f"run-{len(self.order)}"
        faults = Faults(gate_failed=ENDPOINTS) if request.model in self.void else Faults()
        cut = Faults(partial_after_round=1) if request.model in (*self.cuts, *self.fails) else faults
        return write_model(folder, request.model, SHORT, cut)

    def carry_out(self, folder, console, reason_to_stop):
        model = load_suite(folder).settings.model
        if model in self.cuts:
            raise KeyboardInterrupt
        if self.fails.get(model) == "disk":
            raise NotWritten("cannot write to results: No space left on device")
        if model in self.fails:
            raise ServerFailed(StartCode.ENDED, "flask-torchscript did not start")


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("SERVEOFF_REPORTS", str(tmp_path / "reports"))
    monkeypatch.setattr(catalog, "names", lambda: [*ZOO, "imported", "digits_cnn"])
    monkeypatch.setattr(catalog, "is_zoo", lambda name: name in ZOO)
    monkeypatch.setattr("serveoff.cli.summary.describe", lambda model: f"about {model}")
    monkeypatch.setattr(run_lifecycle, "check", lambda request: None)

    def use(**changes):
        made = Made(**changes)
        for name in ("prepare", "begin", "carry_out"):
            monkeypatch.setattr(run_lifecycle, name, getattr(made, name))
        return made

    return use


def invoke(model, *more):
    return CliRunner().invoke(cli.app, ["run", "--model", model, "--profile", "quick", *more])


def written(tmp_path):
    (folder,) = (tmp_path / "results").glob("summary-*")
    return store.load(folder)


def test_all_is_the_zoo_and_a_list_is_what_it_names(made):
    assert models_of("all") == ZOO
    assert models_of("imported, tiny_mlp,imported") == ("imported", "tiny_mlp")
    assert models_of("tiny_mlp") == ("tiny_mlp",)


def test_a_model_that_does_not_exist_is_named_before_anything_is_made(made, tmp_path, monkeypatch):
    monkeypatch.setattr(run_lifecycle, "check", CHECK)
    done = made()
    failed = invoke("digits_cnn,nope")
    assert "there is no model 'nope'" in str(failed.exception)
    assert done.prepared == []


def test_each_model_has_a_run_a_report_and_a_place_in_the_summary(made, tmp_path):
    done = made()
    assert invoke("large_net,tiny_mlp").exit_code == 0
    assert done.order == ["large_net", "tiny_mlp"]
    assert done.prepared == done.order, "all are exported before the first is measured"
    assert [model.model for model in written(tmp_path).models] == ["tiny_mlp", "large_net"]
    for name in ("run-1", "run-2"):
        assert (tmp_path / "reports" / name / "report.html").is_file()


def test_all_begins_with_the_fewest_parameters(made, tmp_path, monkeypatch):
    done = made()
    parameters = {"tiny_mlp": 9, "middle_cnn": 3, "large_net": 5}
    monkeypatch.setattr(campaign, "read_manifest", lambda folder: SimpleNamespace(parameters=parameters[folder.name]))
    assert invoke("all").exit_code == 0
    assert done.order == ["middle_cnn", "large_net", "tiny_mlp"]


def test_the_whole_says_how_far_it_is(made, tmp_path):
    made()
    out = io.StringIO()
    runs = [run_settings("quick", model=name) for name in ZOO]
    campaign.run_all(runs, False, Console(file=out, width=200), Console(file=io.StringIO()))
    assert [line for line in out.getvalue().splitlines() if line.startswith("model ")] == [
        f"model {number} of 3: {name}" for number, name in enumerate(ZOO, start=1)
    ]


def test_it_ends_in_one_short_answer_for_each_model(made, tmp_path):
    made()
    told, out = io.StringIO(), io.StringIO()
    runs = [run_settings("quick", model=name) for name in ZOO]
    campaign.run_all(runs, False, Console(file=told, width=80), Console(file=out, width=80))
    lines = out.getvalue().splitlines()
    assert [line for line in lines if line in ZOO] == list(ZOO)
    assert lines.count("Recommended: TorchScript on Flask (REST)") == len(ZOO)
    assert max(map(len, lines)) <= 80
    assert [line.partition(":")[0] for line in told.getvalue().splitlines() if ".html" in line] == ["Summary"]


def test_a_model_that_cannot_be_exported_is_a_row_and_the_others_go_on(made, tmp_path):
    made(fails={"middle_cnn": "export"})
    assert invoke("all").exit_code == 0
    found = written(tmp_path)
    assert [model.model for model in found.models] == ["tiny_mlp", "large_net"]
    assert [(absent.model, "export" in absent.reason) for absent in found.absent] == [("middle_cnn", True)]


def test_a_model_whose_run_fails_keeps_what_was_measured(made, tmp_path):
    made(fails={"middle_cnn": "run"})
    assert invoke("all").exit_code == 0
    found = next(model for model in written(tmp_path).models if model.model == "middle_cnn")
    assert found.problem == "flask-torchscript did not start"
    assert not found.complete


def test_what_could_not_be_written_is_told_by_the_exit_code_and_the_others_are_kept(made, tmp_path):
    made(fails={"middle_cnn": "disk"})
    assert invoke("all").exit_code == ExitCode.UNWRITABLE
    found = {model.model: model.problem for model in written(tmp_path).models}
    assert set(found) == set(ZOO)
    assert "No space left" in found["middle_cnn"]


def test_so_is_a_report_that_could_not(made, tmp_path):
    made()
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "run-1").write_text("in the way")
    assert invoke("large_net,tiny_mlp").exit_code == ExitCode.UNWRITABLE
    assert (tmp_path / "reports" / "run-2" / "report.html").is_file()


def test_an_interrupt_keeps_all_that_was_measured_and_writes_the_summary(made, tmp_path):
    done = made(cuts=("middle_cnn",))
    assert invoke("all").exit_code == ExitCode.INTERRUPTED
    assert "large_net" not in done.order
    found = written(tmp_path)
    assert found.interrupted
    assert {model.model: model.complete for model in found.models} == {"tiny_mlp": True, "middle_cnn": False}
    assert [(absent.model, absent.reason) for absent in found.absent] == [("large_net", campaign.NOT_BEGUN)]
    assert (tmp_path / "reports" / "run-2" / "report.html").is_file()


def test_one_valid_point_of_any_model_is_a_success_and_none_is_not(made, tmp_path):
    made(void=("middle_cnn", "large_net"))
    assert invoke("all").exit_code == 0
    made(void=ZOO)
    assert invoke("all").exit_code == ExitCode.NOTHING_VALID


def test_where_no_model_has_a_run_there_is_no_summary(made, tmp_path):
    made(fails=dict.fromkeys(ZOO, "export"))
    assert invoke("all").exit_code == ExitCode.NOTHING_VALID
    assert not (tmp_path / "results").exists()

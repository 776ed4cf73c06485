"""The winner: a deployment by its name, or what a run recommends; and what KServe has for it."""

import pytest

from serveoff.errors import ArtifactFailure, ResultsFailure, UnknownName, UsageError
from serveoff.manifests import kserve
from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.record.suite import load_suite
from serveoff.services.registry import read_registry
from tests.language import stumbles
from tests.serveoff.manifests.written import find, invoke, pods, read, write
from tests.serveoff.model_runs import write_model
from tests.serveoff.synthetic import Scenario
from tests.serveoff.written_runs import save_run

SHORT = Scenario(slice_s=0.12, only=("flask-torchscript-rest", "torchserve-torchscript-rest", "inprocess-torchscript"))


def service(objects):
    return find(objects, "InferenceService", "digits-cnn")["spec"]["predictor"]["model"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run of digits_cnn, which recommends TorchScript on Flask, under two workers."""
    monkeypatch.setenv("SERVEOFF_RESULTS", str(tmp_path / "results"))
    folder = write_model(tmp_path / "results" / "run", "tiny_mlp", SHORT)
    suite = load_suite(folder)
    suite.settings = suite.settings.model_copy(update={"model": "digits_cnn", "workers": 2})
    save_run(folder, suite)
    return folder


@pytest.mark.parametrize("name", ["tfserving-savedmodel", "tfserving-savedmodel-grpc"])
def test_a_saved_model_is_served_by_kserves_tensorflow_serving(tmp_path, name):
    model = service(write(tmp_path, "flask-torchscript", "--winner", name))
    assert (model["runtime"], model["modelFormat"]["name"]) == ("kserve-tensorflow-serving", "tensorflow")
    assert model["storageUri"] == "pvc://serveoff-artifacts/digits_cnn/savedmodel"
    assert model["resources"]["limits"] == {"cpu": "1", "memory": "4Gi"}


def test_a_frozen_graph_is_served_as_it_is_wrapped(tmp_path):
    model = service(write(tmp_path, "flask-torchscript", "--winner", "tfserving-frozen-graph"))
    assert model["storageUri"].endswith("/digits_cnn/frozen_graph/serving")


def test_onnx_is_served_by_triton_from_a_folder_that_is_laid_out_for_it(tmp_path):
    done = invoke("digits_cnn", "flask-torchscript", "--winner", "flask-onnx", "--out", tmp_path)
    assert "by another server, Triton, which was not measured" in done.output
    objects = read(tmp_path)
    assert service(objects)["storageUri"].endswith("/digits_cnn/triton")
    (layout,) = pods([find(objects, "Job", "kserve-layout")])["kserve-layout"]["containers"]
    assert "cp -r onnx/. triton/digits_cnn/1/" in layout["command"][-1]


def test_torchscript_is_served_by_kserves_torchserve_from_an_archive(tmp_path):
    done = invoke("digits_cnn", "--winner", "torchserve-torchscript", "--out", tmp_path)
    assert "by TorchServe's own handler, which was not measured" in done.output
    model = service(read(tmp_path))
    assert (model["runtime"], model["modelFormat"]["name"]) == ("kserve-torchserve", "pytorch")
    assert model["storageUri"].endswith("/digits_cnn/torchserve")


@pytest.mark.parametrize(
    ("inputs", "outputs", "one_row", "takes"),
    [
        (["float32"], 1, False, True),
        (["int64"], 1, False, False),
        (["float32", "float32"], 1, False, False),
        (["float32"], 2, False, False),
        (["float32"], 1, True, False),
    ],
)
def test_torchserves_own_handler_takes_rows_of_one_float_tensor(inputs, outputs, one_row, takes):
    (torchserve,) = [d for d in read_registry() if d.server == "torchserve"]
    spec = ModelSpec(
        name="m",
        description="",
        inputs=tuple(TensorSpec(name=f"x{i}", shape=(-1, 3), dtype=dtype) for i, dtype in enumerate(inputs)),
        outputs=tuple(TensorSpec(name=f"y{i}", shape=(-1, 3), dtype="float32") for i in range(outputs)),
        one_row=one_row,
    )
    found = kserve.runtime(torchserve, spec)
    assert (found is not None) == takes
    assert ("no runtime" in kserve.remark(torchserve, found)) == (not takes)


def test_the_winner_is_among_the_servers(tmp_path):
    objects = write(tmp_path, "flask-torchscript", "--winner", "flask-onnx")
    assert find(objects, "Deployment", "flask-onnx")


def test_where_kserve_has_no_runtime_one_sentence_says_so(tmp_path):
    done = invoke("digits_cnn", "flask-torchscript", "--winner", "flask-tuned-torchscript", "--out", tmp_path)
    assert done.exit_code == 0
    assert "KServe has no runtime for flask-tuned-torchscript (torchscript on flask-tuned)" in done.output
    assert not (tmp_path / "kserve").exists()


def test_a_runs_recommendation_is_served_as_the_run_had_set_it(tmp_path, run):
    done = invoke("digits_cnn", "flask-torchscript", "--winner", "latest", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.exception
    assert "no runtime for flask-torchscript" in done.output
    objects = read(tmp_path / "out")
    (server,) = pods([find(objects, "Deployment", "flask-torchscript")])["flask-torchscript"]["containers"]
    assert {"name": "SERVING_WORKERS", "value": "2"} in server["env"]


def test_a_run_of_another_model_is_refused(tmp_path, run):
    with pytest.raises(UsageError, match="is of the model digits_cnn, not of efficientnet_lite0"):
        write(tmp_path / "out", "flask-torchscript", "--winner", run, model="efficientnet_lite0")


@pytest.mark.parametrize(
    ("arguments", "failure", "said"),
    [
        (("nosuch",), UnknownName, "no deployment or endpoint is called 'nosuch'"),
        (("inprocess-torchscript",), UsageError, "in-process floor"),
        (("--winner", "nosuch"), ResultsFailure, "no run is called 'nosuch'"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(tmp_path, monkeypatch, arguments, failure, said):
    monkeypatch.setenv("SERVEOFF_RESULTS", str(tmp_path / "results"))
    with pytest.raises(failure, match=said):
        write(tmp_path / "out", *arguments)
    assert not (tmp_path / "out").exists()


def test_a_model_that_there_is_not_is_refused(tmp_path):
    with pytest.raises(ArtifactFailure, match="there is no model 'nosuch'"):
        write(tmp_path, model="nosuch")


def test_what_the_command_says_holds_no_banned_phrase(tmp_path):
    helped = invoke("--help")
    assert helped.exit_code == 0
    for winner in ("tfserving-savedmodel", "torchserve-torchscript", "flask-onnx", "flask-torchscript"):
        said = invoke("digits_cnn", "flask-torchscript", "--winner", winner, "--out", tmp_path)
        assert stumbles(helped.output + said.output) == []

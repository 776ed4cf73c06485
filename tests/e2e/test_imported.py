"""A model that was imported, with two inputs and two outputs, and that could not be exported to every format."""

import json

import pytest

from serveoff.models.manifest import MANIFEST_NAME, Missing, read_manifest
from tests.command_line import MEASURED, CommandLine
from tests.services.two_tensors import NAME
from tests.services.two_tensors_artifacts import write_model

pytestmark = pytest.mark.slow

ENDPOINTS = ("inprocess-torchscript", "flask-tuned-torchscript", "torchserve-torchscript", "flask-savedmodel")
SETTINGS = ["--duration", "1", "--warmup", "0.3", "--concurrency", "1", "--rounds", "1", "--batches", "4", "--payloads"]
WHY = Missing(reason="no such operator in ONNX", operator="aten::fft_fft")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("imported")
    model_dir = write_model(folder / "models", ["torchscript"])
    manifest = read_manifest(model_dir).model_copy(update={"missing": {"savedmodel": WHY}})
    (model_dir / MANIFEST_NAME).write_text(manifest.model_dump_json())
    cli = CommandLine(folder, folder / "models")
    result = cli.run("run", *ENDPOINTS, "--model", NAME, "--profile", "quick", *SETTINGS)
    assert result.returncode in MEASURED, result.stderr
    return cli


@pytest.mark.timeout(300)
def test_what_it_lacks_is_told_and_the_rest_is_measured(finished):
    assert finished.suite.complete
    unavailable = {e.endpoint: e.unavailable.text for e in finished.suite.endpoints if e.unavailable}
    assert unavailable == {
        "flask-savedmodel-rest": "the model has no savedmodel artifact: no such operator in ONNX (aten::fft_fft)"
    }
    measured = [e for e in finished.suite.endpoints if not e.unavailable]
    assert len(measured) == 4
    for endpoint in measured:
        assert endpoint.gate.passed, endpoint.gate
        assert endpoint.gate.checked == 5
        assert endpoint.gate.top1_agreement is None, "it tells no classes apart"
        assert all(gate.passed for gate in endpoint.encoding_gates.values()), endpoint.encoding_gates
        assert all(w.requests and not w.errors and not w.wrong_answers for w in endpoint.windows)
        assert all(w.answers_checked for w in endpoint.windows)


def test_every_encoding_and_batches_were_measured(finished):
    loads = {e.endpoint: {w.load.text for w in e.windows} for e in finished.suite.endpoints}
    assert loads["flask-tuned-torchscript-rest"] == {"1", "1/json_base64", "1/raw_tensor", "1x4"}
    assert loads["torchserve-torchscript-grpc"] == {"1", "1/grpc_torchserve_json", "1x4"}
    assert loads["inprocess-torchscript"] == {"1", "1x4", "1/as_served", "1/as_servedx4"}


def test_the_report_says_what_it_is_and_that_it_names_no_layers(finished):
    (folder,) = (finished.folder / "reports").iterdir()
    text = (folder / "report.md").read_text()
    assert "imported from torchscript" in text
    assert "aten::fft" in text.split("## Not run here")[1].replace("\\", "")
    assert "top-1" not in text
    claims = {claim["id"]: claim for claim in json.loads((folder / "report.json").read_text())["claims"]}
    assert (claims["C6"]["verdict"], claims["C6"]["reason"]) == (
        "not measured",
        "The model has no named layers.",
    )


def test_nothing_is_left_running(finished):
    assert finished.processes() == []

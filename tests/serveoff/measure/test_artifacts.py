"""Which models there are, and what a run does to have one in place."""

import pytest

from serveoff.errors import ArtifactFailure, ExitCode
from serveoff.measure import artifacts
from serveoff.measure.artifacts import check_name, missing, missing_formats, provide
from serveoff.models.manifest import MANIFEST_NAME, read_manifest
from serveoff.models.quality.labelled import LABELLED_NAME
from tests.imported import write_model


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The folder of an imported model; whoever would train it fails the test."""
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(tmp_path))
    monkeypatch.setattr(artifacts, "run_here", lambda *_: pytest.fail("an imported model is never trained"))
    write_model(tmp_path / "mine", formats=("torchscript", "torch_eager"))
    return tmp_path / "mine"


def test_an_imported_model_is_verified_and_never_trained(mine):
    provide("mine")


@pytest.mark.parametrize("format", ["torchscript", "torch_eager"])
def test_a_changed_artifact_is_refused(mine, format):
    (mine / format / "model.bin").write_bytes(b"other")
    with pytest.raises(ArtifactFailure, match=f"{format} was changed after its export") as caught:
        provide("mine")
    assert caught.value.hint == "import it again with `serveoff import`"


def test_a_lost_artifact_is_told(mine):
    (mine / "torchscript" / "model.bin").unlink()
    (mine / "torchscript").rmdir()
    with pytest.raises(ArtifactFailure, match="torchscript is missing") as caught:
        provide("mine")
    assert caught.value.exit_code == ExitCode.ARTIFACT
    assert caught.value.hint == "import it again with `serveoff import`"


@pytest.mark.parametrize("content", [None, b"other"])
def test_golden_answers_must_be_those_of_the_import(mine, content):
    (mine / "golden.npz").unlink()
    if content:
        (mine / "golden.npz").write_bytes(content)
    with pytest.raises(ArtifactFailure, match=r"golden\.npz (is missing|was changed after its export)"):
        provide("mine")


def test_labelled_samples_must_be_those_of_the_import_too(mine):
    manifest = read_manifest(mine).model_copy(update={"labelled_sha256": "0" * 64})
    (mine / MANIFEST_NAME).write_text(manifest.model_dump_json())
    with pytest.raises(ArtifactFailure, match=r"labelled\.npz is missing"):
        provide("mine")
    (mine / LABELLED_NAME).write_bytes(b"other")
    with pytest.raises(ArtifactFailure, match=r"labelled\.npz was changed after its export"):
        provide("mine")


@pytest.mark.parametrize("name", ["nosuch", "../mine", "", "mine/torchscript"])
def test_an_unknown_name_is_told_with_the_names_there_are(mine, name):
    for ask in (check_name, provide):
        with pytest.raises(ArtifactFailure, match="there is no model") as caught:
            ask(name)
        assert "digits_cnn" in caught.value.hint
        assert "mine" in caught.value.hint


def test_a_missing_format_names_the_operator_and_the_reason(mine):
    reason = "the model has no savedmodel artifact: no such operator in ONNX (aten::fft_fft)"
    assert missing_formats("mine") == {"savedmodel": reason}


def test_a_format_that_the_manifest_does_not_mention_is_missing_too(mine):
    manifest = write_model(mine)
    assert missing(manifest, "torchscript") is None
    assert missing(manifest, "keras_eager").text.endswith("the model's manifest names no such artifact")


def test_of_a_model_that_was_not_exported_yet_nothing_is_missing(mine):
    assert missing_formats("digits_cnn") == {}


@pytest.mark.parametrize(("code", "told"), [(3, True), (1, False), (-9, False)])
def test_what_the_process_has_said_of_its_failure_is_not_said_again(monkeypatch, code, told):
    monkeypatch.setattr(artifacts, "run_here", lambda *_: code)
    with pytest.raises(ArtifactFailure, match=r"python -m serveoff\.models verify mine") as caught:
        artifacts.run_models("verify", "mine")
    assert caught.value.told == told

import shutil
from importlib.metadata import version

import pytest

from serveoff.models import spec, zoo
from serveoff.models.manifest import (
    MANIFEST_NAME,
    ArtifactError,
    Missing,
    digest,
    read_manifest,
    size_bytes,
    verify_artifact,
)
from serveoff.models.weights import read_weights

TORCH = dict.fromkeys(("torchscript", "torch_eager", "torch_export"), "torch")
FRAMEWORKS = {"onnx": "onnxruntime", **TORCH}
MISSING = {"torchscript": Missing(reason="NonZero has no fixed shape", operator="NonZero")}


def test_the_manifest_names_every_format_with_its_bytes_hash_and_framework(model_dir):
    manifest = read_manifest(model_dir)
    assert tuple(manifest.artifacts) == spec.FORMATS
    for format, artifact in manifest.artifacts.items():
        path = model_dir / artifact.path
        served = path / "frozen_graph.pb" if format == "frozen_graph" else path
        assert (artifact.format, artifact.sha256, artifact.bytes) == (format, digest(path), size_bytes(served))
        assert artifact.framework == FRAMEWORKS.get(format, "tensorflow")
        assert artifact.framework_version == version(artifact.framework)


def test_the_manifest_describes_the_model(model_dir):
    manifest = read_manifest(model_dir)
    assert manifest.model == "digits_cnn"
    assert manifest.spec == zoo.load_spec("digits_cnn")
    assert (manifest.source, manifest.missing) == ("zoo", {})
    assert manifest.parameters == sum(weight.size for weight in read_weights(model_dir).values())
    assert 350_000 < manifest.parameters < 450_000
    assert manifest.weights_sha256 == digest(model_dir / "weights.npz")
    assert manifest.golden_sha256 == digest(model_dir / "golden.npz")


@pytest.mark.parametrize("format", spec.FORMATS)
def test_an_untouched_artifact_is_let_through(model_dir, format):
    assert verify_artifact(model_dir, format) == read_manifest(model_dir).artifacts[format]


@pytest.mark.parametrize("format", spec.FORMATS)
def test_one_flipped_bit_is_refused(model_dir, tmp_path, format):
    copy = shutil.copytree(model_dir, tmp_path / "model")
    largest = max((file for file in (copy / format).rglob("*") if file.is_file()), key=size_bytes)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    with pytest.raises(ArtifactError, match=f"{format} was changed after its export.*export --force"):
        verify_artifact(copy, format)


def test_an_added_file_is_refused(model_dir, tmp_path):
    copy = shutil.copytree(model_dir, tmp_path / "model")
    (copy / "savedmodel" / "2").mkdir()
    (copy / "savedmodel" / "2" / "saved_model.pb").write_bytes(b"another version")
    with pytest.raises(ArtifactError, match="was changed"):
        verify_artifact(copy, "savedmodel")


def test_what_is_missing_is_named_with_the_next_action(model_dir, tmp_path):
    with pytest.raises(ArtifactError, match="serveoff export"):
        verify_artifact(tmp_path, "savedmodel")
    (tmp_path / MANIFEST_NAME).write_text("{}")
    with pytest.raises(ArtifactError, match="not a manifest of this version"):
        read_manifest(tmp_path)
    shutil.copy(model_dir / MANIFEST_NAME, tmp_path)
    with pytest.raises(ArtifactError, match="torchscript is missing"):
        verify_artifact(tmp_path, "torchscript")
    with pytest.raises(ArtifactError, match="no tflite artifact"):
        verify_artifact(tmp_path, "tflite")


def test_what_to_do_about_an_imported_artifact_is_to_import_it_again(model_dir, tmp_path):
    manifest = read_manifest(model_dir).model_copy(update={"source": "onnx", "artifacts": {}, "missing": MISSING})
    (tmp_path / MANIFEST_NAME).write_text(manifest.model_dump_json())
    assert read_manifest(tmp_path) == manifest
    assert "serveoff import" in manifest.remedy
    with pytest.raises(ArtifactError, match=r"no torchscript artifact .*: NonZero has no fixed shape"):
        verify_artifact(tmp_path, "torchscript")


def test_an_unknown_model_is_named():
    with pytest.raises(ArtifactError, match="no model 'resnet'"):
        zoo.load_spec("resnet")

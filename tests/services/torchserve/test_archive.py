import json
import zipfile

import numpy as np
import pytest

from serveoff.models.golden import Golden, unpacked, write_golden
from serveoff.models.manifest import ArtifactError
from serveoff.services.torchserve.archive import build_archive


@pytest.fixture
def folders(tmp_path):
    for name in ("model/torchscript", "store", "temp"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "model" / "manifest.json").write_text("{}")
    (tmp_path / "model" / "torchscript" / "model.pt").write_bytes(b"weights")
    return tmp_path


def test_the_archive_holds_the_handler_the_manifest_and_the_artifact_in_its_folder(folders):
    path = build_archive("digits_cnn", folders / "model" / "torchscript", folders / "store", folders / "temp")
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("MAR-INF/MANIFEST.json"))
        assert archive.read("torchscript/model.pt") == b"weights"
        assert archive.read("manifest.json") == b"{}"
        assert b"class Handler" in archive.read(manifest["model"]["handler"])
    assert manifest["model"]["modelName"] == "digits_cnn"
    assert list((folders / "temp").iterdir()) == []


def test_a_worker_tries_the_model_out_with_the_first_golden_row(folders):
    golden = Golden({"x": np.arange(8.0).reshape(4, 2)}, {"y": np.arange(4.0)}, np.arange(4))
    write_golden(folders / "model", golden)
    path = build_archive("digits_cnn", folders / "model" / "torchscript", folders / "store", folders / "temp")
    with zipfile.ZipFile(path) as archive:
        row = unpacked(archive.read("golden.npz"))
    assert (row.inputs["x"].tolist(), row.outputs["y"].tolist(), row.labels) == ([[0.0, 1.0]], [0.0], None)


def test_a_name_that_torchserve_refuses_is_refused(folders):
    with pytest.raises(ArtifactError, match="special characters"):
        build_archive("no/name", folders / "model" / "torchscript", folders / "store", folders / "temp")

"""The folder that is written holds what was asked for last, and nothing of anybody else's is lost."""

import pytest

from serveoff.errors import NotWritten, UsageError
from tests.serveoff.manifests.written import find, write


def test_files_of_ours_that_are_no_longer_asked_for_go(tmp_path):
    write(tmp_path, "flask-*", "--winner", "tfserving-savedmodel")
    before = {path.name for path in tmp_path.rglob("*.yaml")}
    find(write(tmp_path, "torchserve-torchscript"), "Deployment", "torchserve-torchscript")
    after = {path.name for path in tmp_path.rglob("*.yaml")}
    assert {"flask-torchscript.yaml", "inferenceservice.yaml"} <= before - after


@pytest.mark.parametrize("name", ["flask-torchscript.yaml", "mine.yaml"])
def test_a_file_that_is_not_ours_is_kept_and_nothing_is_written(tmp_path, name):
    (tmp_path / "base").mkdir()
    mine = tmp_path / "base" / name
    mine.write_text("kind: Mine\n")
    with pytest.raises(UsageError, match=f"{name} is in the way"):
        write(tmp_path, "flask-torchscript")
    assert list((tmp_path / "base").iterdir()) == [mine]
    assert mine.read_text() == "kind: Mine\n"


def test_overlays_beside_the_base_are_left_alone(tmp_path):
    overlay = tmp_path / "production" / "kustomization.yaml"
    overlay.parent.mkdir()
    overlay.write_text("resources: [../base]\n")
    write(tmp_path, "flask-torchscript")
    assert overlay.read_text() == "resources: [../base]\n"


def test_a_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritten, match="it is not a folder"):
        write(tmp_path / "file", "flask-torchscript")

"""Fixtures of the model tests."""

import shutil
from pathlib import Path

import pytest

from serveoff.models import zoo
from serveoff.models.manifest import MANIFEST_NAME, Manifest, digest, read_manifest


@pytest.fixture
def small_zoo(monkeypatch: pytest.MonkeyPatch) -> None:
    """The zoo with two models more, which are small and need no training: `pair` and `kinds`."""
    monkeypatch.setattr(zoo, "__path__", [*zoo.__path__, str(Path(__file__).with_name("small_zoo"))])


@pytest.fixture
def copied_model(model_dir: Path, tmp_path: Path) -> Path:
    """A copy of the exported model that a test may change."""
    return shutil.copytree(model_dir, tmp_path / "digits_cnn")


@pytest.fixture
def fix_hash():
    """Give an altered artifact its new hash in the manifest, as a forger would."""

    def fix(model_dir: Path, format: str) -> Manifest:
        manifest = read_manifest(model_dir)
        forged = manifest.artifacts[format].model_copy(update={"sha256": digest(model_dir / format)})
        manifest = manifest.model_copy(update={"artifacts": {**manifest.artifacts, format: forged}})
        (model_dir / MANIFEST_NAME).write_text(manifest.model_dump_json())
        return manifest

    return fix

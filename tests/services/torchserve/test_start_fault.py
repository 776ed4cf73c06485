"""A worker says by a file why it cannot start."""

import pytest

from serveoff.models.manifest import ArtifactError
from serveoff.services.settings import SettingsError
from serveoff.services.torchserve.start_fault import VARIABLE, start_fault, start_fault_told


@pytest.mark.parametrize("kind", [SettingsError, ArtifactError])
def test_what_cannot_be_used_is_told_to_the_launcher_and_still_ends_the_worker(tmp_path, monkeypatch, kind):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "fault"))
    with pytest.raises(kind, match="no GPU"), start_fault_told():
        raise kind("no GPU")
    assert start_fault(tmp_path / "fault") == "no GPU"


def test_what_else_ends_a_worker_is_no_fault_of_settings(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "fault"))
    with pytest.raises(RuntimeError), start_fault_told():
        raise RuntimeError("SettingsError: not really")
    assert start_fault(tmp_path / "fault") == ""

from importlib.metadata import PackageNotFoundError

import pytest

from serveoff.models.frameworks.versions import installed


def package(folder, name, version):
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_a_distribution_or_its_cpu_variant(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    package(tmp_path, "quickflow-cpu", "2.21.0")
    package(tmp_path, "slowflow", "1.0")
    assert installed("quickflow") == "2.21.0"
    assert installed("slowflow") == "1.0"


def test_neither_is_named_by_what_was_asked_for():
    with pytest.raises(PackageNotFoundError, match="nosuchflow"):
        installed("nosuchflow")

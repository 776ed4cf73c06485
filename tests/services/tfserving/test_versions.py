from __future__ import annotations

from pathlib import Path

import pytest

from serveoff.services.tfserving.embedded.versions import ModelConfig, VersionPolicy, aspired_versions


@pytest.fixture
def base(tmp_path):
    for name in ("1", "002", "10", "beta", "-3", "4.5"):
        (tmp_path / name).mkdir()
    (tmp_path / "7").write_text("a file is no version")
    return tmp_path


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (VersionPolicy(), {10}),
        (VersionPolicy(latest=2), {10, 2}),
        (VersionPolicy(latest=9), {10, 2, 1}),
        (VersionPolicy(latest=None), {10, 2, 1}),
        (VersionPolicy(None, frozenset({1, 5})), {1}),
        (VersionPolicy(None, frozenset({5})), set()),
    ],
)
def test_policies(base, policy, expected):
    assert set(aspired_versions(ModelConfig("m", base, policy))) == expected


def test_leading_zeros_keep_their_folder(base):
    assert aspired_versions(ModelConfig("m", base, VersionPolicy(None, frozenset({2})))) == {2: base / "002"}


def test_nothing_found_is_said(tmp_path, caplog):
    assert aspired_versions(ModelConfig("m", tmp_path)) == {}
    assert "Did you forget to name your leaf directory as a number" in caplog.text


def test_missing_base_path(tmp_path):
    with pytest.raises(FileNotFoundError):
        aspired_versions(ModelConfig("m", tmp_path / "none"))


def test_a_number_beyond_64_bits_is_no_version(base):
    for name in ("20261130075710464099", str(2**63), "9" * 5000):
        (base / name[:200]).mkdir()
    assert set(aspired_versions(ModelConfig("m", base))) == {10}


def test_a_base_path_that_no_file_can_have_is_missing():
    with pytest.raises(FileNotFoundError, match="null"):
        aspired_versions(ModelConfig("m", Path("\0")))

import pytest

from loadtests.samples import SamplesError, expected_outputs, golden_inputs


def test_the_null_deployment_should_answer_zeros(pool):
    expected = expected_outputs("digits_cnn", "null", pool)
    assert expected.shape == (32, 10)
    assert not expected.any()


def test_a_model_is_found_among_the_artifacts(pool, monkeypatch):
    (pool / "copy").mkdir()
    (pool / "copy" / "digits_cnn").symlink_to(pool)
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(pool / "copy"))
    assert golden_inputs("digits_cnn").shape == (32, 28, 28, 1)


def test_missing_and_broken_files_are_told_with_the_next_step(tmp_path):
    with pytest.raises(SamplesError, match=r"no golden inputs at .*run `serveoff export`"):
        golden_inputs("digits_cnn", tmp_path)
    (tmp_path / "golden.npz").write_bytes(b"half a file")
    with pytest.raises(SamplesError, match=r"serveoff export --force"):
        golden_inputs("digits_cnn", tmp_path)

import pytest

from serveoff.loadtests.samples import SamplesError, expected_outputs, golden_inputs, spec_of


def test_the_null_deployment_should_answer_zeros(pool):
    expected = expected_outputs("digits_cnn", "null", pool)
    assert expected["probabilities"].shape == (32, 10)
    assert not expected["probabilities"].any()


def test_an_imported_model_has_its_inputs_and_outputs_from_its_manifest(two_inputs, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(two_inputs.parent))
    assert [t.name for t in spec_of("m").inputs] == ["image", "age"]
    inputs, zeros = golden_inputs("m"), expected_outputs("m", "null")
    assert {name: array.dtype.name for name, array in inputs.items()} == {"image": "uint8", "age": "int64"}
    assert {name: array.dtype.name for name, array in zeros.items()} == {"scores": "float32", "known": "bool"}
    assert not any(array.any() for array in zeros.values())


def test_golden_arrays_of_another_model_are_refused(two_inputs, pool):
    (two_inputs / "golden.npz").write_bytes((pool / "golden.npz").read_bytes())
    with pytest.raises(SamplesError, match=r"is not of m \(it has image, not image, age\)"):
        golden_inputs("m", two_inputs)


def test_an_unknown_model_is_told_with_the_names_there_are():
    with pytest.raises(SamplesError, match=r"there is no model 'nosuch': there are .*digits_cnn"):
        golden_inputs("nosuch")


def test_a_model_is_found_among_the_artifacts(pool, monkeypatch):
    (pool / "copy").mkdir()
    (pool / "copy" / "digits_cnn").symlink_to(pool)
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(pool / "copy"))
    assert golden_inputs("digits_cnn")["image"].shape == (32, 28, 28, 1)


def test_missing_and_broken_files_are_told_with_the_next_step(tmp_path):
    with pytest.raises(SamplesError, match=r"no golden inputs at .*run `serveoff export`"):
        golden_inputs("digits_cnn", tmp_path)
    (tmp_path / "golden.npz").write_bytes(b"half a file")
    with pytest.raises(SamplesError, match=r"serveoff export --force"):
        golden_inputs("digits_cnn", tmp_path)

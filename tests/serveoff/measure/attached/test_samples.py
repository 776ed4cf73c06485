"""What is sent to endpoints that already run."""

import numpy as np
import pytest

from serveoff.errors import ArtifactFailure, UsageError
from serveoff.measure.attached.samples import MOST, Samples, read, sha256_of
from serveoff.models.catalog import load_spec
from serveoff.models.golden import Golden, write_golden
from serveoff.models.tensors import zeros
from tests.small_files import claim, write_claim, write_nameless


def test_an_array_of_each_input(tmp_path):
    path = tmp_path / "s.npz"
    np.savez(path, x=np.arange(6.0).reshape(3, 2), mask=np.ones((3, 4), bool))
    found = read(str(path), "m")
    assert found.count == 3
    assert found.row(1)["x"].tolist() == [[2.0, 3.0]]
    assert found.row(1)["mask"].shape == (1, 4)
    assert found.outputs is None


def test_golden_files_name_their_inputs(tmp_path):
    path = tmp_path / "golden.npz"
    np.savez(path, **{"inputs/x": np.zeros((2, 3)), "outputs/y": np.zeros((2, 1)), "labels": np.zeros(2)})
    assert list(read(str(path), "m").inputs) == ["x"]


def test_bodies_as_they_were_logged(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"a": 1}\n\n {"a": [2, 3]}\n')
    assert read(str(path), "m").bodies == (b'{"a": 1}', b'{"a": [2, 3]}')


def test_of_many_samples_some_are_taken_all_over_the_file(tmp_path):
    path = tmp_path / "s.npz"
    np.savez(path, x=np.arange(10 * MOST))
    found = read(str(path), "m").inputs["x"]
    assert len(found) == MOST
    assert found[-1] >= 10 * MOST - 10


def test_texts_and_bytes_are_inputs_too(tmp_path):
    path = tmp_path / "s.npz"
    np.savez(path, text=np.array(["hé", "a longer one"]), raw=np.array([b"ab", b"\xff"]))
    found = read(str(path), "m")
    assert [found.row(0)[name].tolist() for name in ("text", "raw")] == [["hé"], [b"ab"]]


def test_fewer_samples_keep_their_answers():
    x = np.arange(10)
    fewer = Samples(inputs={"x": x}, outputs={"y": -x}).spread(3)
    assert (fewer.inputs["x"].tolist(), fewer.outputs["y"].tolist()) == ([0, 3, 6], [0, -3, -6])
    assert Samples(bodies=(b"1", b"2", b"3", b"4")).spread(2).bodies == (b"1", b"3")


def test_golden_inputs_come_with_what_their_outputs_are(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(tmp_path))
    spec = load_spec("digits_cnn")
    (tmp_path / spec.name).mkdir()
    write_golden(tmp_path / spec.name, Golden(zeros(spec.inputs, 2), zeros(spec.outputs, 2)))
    found = read("", spec.name)
    assert (found.count, found.tensors) == (2, spec.outputs)
    assert list(found.outputs) == [tensor.name for tensor in spec.outputs]


def damaged(path):
    """An archive whose list of files is whole, and what it lists is not."""
    np.savez_compressed(path, x=np.arange(1000.0))
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * 400 + whole[500:])


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("s.npz", lambda p: np.savez(p, x=np.zeros(2), y=np.zeros(3)), "different numbers of rows"),
        ("s.npz", lambda p: np.savez(p, x=np.array([1j])), "no array of numbers or texts"),
        ("s.npz", lambda p: np.savez(p, x=np.array([{}], object)), "allow_pickle"),
        ("s.npz", lambda p: p.write_bytes(b"PK no zip"), "cannot read"),
        ("s.npz", lambda p: damaged(p), "cannot read"),
        ("s.jsonl", lambda p: p.write_text("[" * 100_000), "cannot read"),
        ("s.npz", lambda p: np.savez(p, x=np.zeros((0, 3))), "no samples"),
        ("s.jsonl", lambda p: p.write_text("{}\nnonsense\n"), "line 2 is no JSON"),
        ("s.jsonl", lambda p: p.write_text("\n"), "no samples"),
        ("s.npz", write_claim, r"its arrays take 7,450\.6 GiB, 4 at most: keep fewer rows"),
        ("s.npz", lambda p: p.write_bytes(claim()), "its arrays take"),
        ("s.npz", write_nameless, "one array without a name"),
        ("gone.npz", lambda p: None, "cannot read"),
    ],
)
def test_what_cannot_be_sent_is_told(tmp_path, name, write, said):
    write(tmp_path / name)
    with pytest.raises(UsageError, match=said):
        read(str(tmp_path / name), "m")


def test_a_file_has_a_digest_and_a_model_without_golden_inputs_is_told(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="cannot read the samples"):
        sha256_of(str(tmp_path / "gone"))
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(tmp_path))
    with pytest.raises(ArtifactFailure, match="serveoff export"):
        read("", "digits_cnn")

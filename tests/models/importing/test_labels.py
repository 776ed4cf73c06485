"""`serveoff import --labels`: the true classes of the user's samples."""

import numpy as np
import pytest

from serveoff.cli.import_options import ImportOptions, request_of
from serveoff.models.importing import labels
from serveoff.models.importing.errors import ImportCode, ImportFailed
from serveoff.models.importing.source import Names
from serveoff.models.manifest import digest
from serveoff.models.quality.labelled import LABELLED_NAME
from serveoff.models.spec import ModelSpec, TensorSpec
from tests.small_files import claim

NAMES = Names(inputs={"x": "net/x:0"}, outputs={})


def spec(shape=(-1, 3)):
    x, y = (TensorSpec(name=name, shape=of, dtype="float32") for name, of in (("x", (-1, 2)), ("y", shape)))
    return ModelSpec(name="mine", description="", inputs=(x,), outputs=(y,))


@pytest.fixture
def store(tmp_path):
    """Stores labels of 100 samples; the hash."""
    np.savez(tmp_path / "inputs.npz", **{"net/x:0": np.ones((100, 2), np.float32)})
    (tmp_path / "model").mkdir()

    def stored(given, of=None):
        np.save(tmp_path / "classes.npy", given, allow_pickle=True)
        paths = str(tmp_path / "classes.npy"), str(tmp_path / "inputs.npz")
        return labels.store(*paths, NAMES, of or spec(), tmp_path / "model"), tmp_path / "model" / LABELLED_NAME

    return stored


def test_all_rows_of_the_samples_are_kept_with_their_labels_and_not_the_first_64(store):
    sha256, path = store(np.arange(100, dtype=np.uint8) % 3)
    assert sha256 == digest(path)
    with np.load(path) as arrays:
        assert arrays["inputs/x"].shape == (100, 2)
        assert np.bincount(arrays["labels"]).tolist() == [34, 33, 33]


def test_rows_with_nan_are_left_out_with_their_labels(store, tmp_path):
    inputs = np.ones((100, 2), np.float32)
    inputs[:40, 1] = np.nan
    np.savez(tmp_path / "inputs.npz", **{"net/x:0": inputs})
    _, path = store(np.repeat([0, 1], 50))
    with np.load(path) as arrays:
        assert arrays["inputs/x"].shape == (60, 2)
        assert np.bincount(arrays["labels"]).tolist() == [10, 50]


def test_without_labels_nothing_is_written(tmp_path):
    assert labels.store("", "", NAMES, spec(), tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "of", "says"),
    [
        (np.zeros(99, np.int64), None, r"has 99 labels, and .*inputs\.npz 100 samples"),
        (np.full(100, 3), None, "labels from 3 to 3, and the model's y has classes 0 to 2"),
        (np.full(100, -1), None, "labels from -1 to -1"),
        (np.zeros(100), None, r"holds float64\[100\], not one whole number a sample"),
        (np.zeros((100, 3), np.int64), None, r"holds int64\[100, 3\]"),
        (np.array(["cat"] * 100, dtype=object), None, "cannot be read as an .npy file of labels"),
        (np.zeros(100, np.int64), spec((-1, 1)), r"tells no classes apart: it gives y\[-1, 1\]"),
    ],
)
def test_labels_that_do_not_fit_are_refused(store, given, of, says):
    with pytest.raises(ImportFailed, match=says) as refused:
        store(given, of)
    assert refused.value.problem.code == ImportCode.LABELS


def test_what_is_no_array_is_refused(tmp_path):
    np.savez(tmp_path / "several.npz", a=np.zeros(2, int))
    (tmp_path / "text.npy").write_text("0 1 2")
    for name in ("several.npz", "text.npy", "absent.npy"):
        with pytest.raises(ImportFailed, match=name):
            labels.read(str(tmp_path / name))


def test_labels_that_take_more_than_any_memory_are_refused_before_they_are_read(tmp_path):
    (tmp_path / "claim.npy").write_bytes(claim())
    with pytest.raises(ImportFailed, match=r"claim\.npy .*: its arrays take 7,450\.6 GiB, 4 at most: keep fewer rows"):
        labels.read(str(tmp_path / "claim.npy"))


def test_labels_need_samples():
    with pytest.raises(ImportFailed, match="--labels are of --samples, and there are none"):
        request_of(ImportOptions(source="model.onnx", name="mine", kind="onnx", labels="classes.npy"))

"""Labelled samples: kept with a model, in no order, and refused where they are not the manifest's."""

import numpy as np
import pytest

from serveoff.models.manifest import ArtifactError, read_manifest
from serveoff.models.quality.labelled import (
    LABELLED_NAME,
    MOST_ROWS,
    classes_of,
    read_labelled,
    right,
    write_labelled,
)
from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.models.zoo import load_spec

SPEC = load_spec("digits_cnn")


def spec_of(*outputs):
    return ModelSpec(
        name="m",
        description="",
        inputs=(TensorSpec(name="x", shape=(-1, 2), dtype="float32"),),
        outputs=tuple(TensorSpec(name=f"y{i}", shape=shape, dtype=dtype) for i, (shape, dtype) in enumerate(outputs)),
    )


def test_the_first_output_of_several_floats_a_row_tells_classes_apart():
    assert classes_of(SPEC) == ("probabilities", 10)
    assert classes_of(spec_of(((-1,), "int64"), ((-1, 3), "float32"), ((-1, 5), "float32"))) == ("y1", 3)
    assert classes_of(spec_of(((-1, 1), "float32"))) is None
    assert classes_of(spec_of(((-1, 3), "int64"), ((-1, 4, 4), "float32"))) is None


def test_an_answer_is_right_where_its_most_probable_class_is_the_true_one():
    answers = {"y0": np.float32([[0.1, 0.9], [0.8, 0.2]])}
    assert right(answers, np.array([1, 1]), spec_of(((-1, 2), "float32"))).tolist() == [True, False]


def test_so_many_are_kept_at_most_each_with_its_own_label_and_in_no_order(tmp_path):
    labels = np.arange(3 * MOST_ROWS)
    write_labelled(tmp_path, {"x": np.stack([labels, -labels], axis=1).astype(np.float32)}, labels)
    with np.load(tmp_path / LABELLED_NAME) as arrays:
        kept = arrays["labels"]
        assert (arrays["inputs/x"][:, 0] == kept).all()
    assert len(set(kept.tolist())) == MOST_ROWS
    assert not (np.diff(kept) > 0).all()
    assert kept.max() > 2.9 * MOST_ROWS


@pytest.mark.slow
def test_the_zoo_s_held_out_split_is_exported_and_a_changed_file_is_refused(copied_model):
    manifest = read_manifest(copied_model)
    samples = read_labelled(copied_model, manifest)
    assert (samples.inputs["image"].shape, samples.labels.shape) == ((360, 28, 28, 1), (360,))
    assert read_labelled(copied_model, manifest.model_copy(update={"labelled_sha256": ""})) is None
    write_labelled(copied_model, samples.inputs, samples.labels[::-1])
    with pytest.raises(ArtifactError, match=r"labelled\.npz was changed after its export"):
        read_labelled(copied_model, manifest)

import numpy as np

from serveoff.models.zoo.digits_cnn import SPEC, data
from serveoff.models.zoo.splits import HELD_OUT


def test_every_digit_is_in_one_split_and_in_its_share():
    train, held_out = data.load()
    assert len(train.targets) + len(held_out.targets) == 1797
    assert len(held_out.targets) == 360
    shares = np.bincount(held_out.targets) / np.bincount(np.concatenate([train.targets, held_out.targets]))
    assert np.abs(shares - HELD_OUT).max() < 0.01


def test_no_held_out_image_was_trained_on():
    train, held_out = data.load()
    known = {image.tobytes() for image in train.inputs["image"]}
    assert not [index for index, image in enumerate(held_out.inputs["image"]) if image.tobytes() in known]


def test_the_split_is_the_same_each_time():
    assert all(
        np.array_equal(one.inputs["image"], other.inputs["image"]) and np.array_equal(one.targets, other.targets)
        for one, other in zip(data.load(), data.load(), strict=True)
    )


def test_images_are_what_the_spec_says():
    train, _ = data.load()
    assert train.inputs["image"].shape[1:] == SPEC.inputs[0].row_shape
    assert train.inputs["image"].dtype == SPEC.inputs[0].dtype
    assert train.inputs["image"].min() == 0.0
    assert train.inputs["image"].max() == 1.0


def test_resizing_keeps_corners_and_interpolates_between_them():
    image = np.array([[[0.0, 1.0], [2.0, 3.0]]])
    expected = [[0.0, 0.5, 1.0], [1.0, 1.5, 2.0], [2.0, 2.5, 3.0]]
    np.testing.assert_allclose(data.resize(image, 3)[0], expected, atol=1e-6)

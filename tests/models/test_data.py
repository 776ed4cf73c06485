import numpy as np

from serveoff.models.zoo.digits_cnn import SPEC, data


def test_every_digit_is_in_one_split_and_in_its_share():
    train, held_out = data.load()
    assert len(train.labels) + len(held_out.labels) == 1797
    assert len(held_out.labels) == 360
    shares = np.bincount(held_out.labels) / np.bincount(np.concatenate([train.labels, held_out.labels]))
    assert np.abs(shares - data.HELD_OUT).max() < 0.01


def test_no_held_out_image_was_trained_on():
    train, held_out = data.load()
    known = {image.tobytes() for image in train.images}
    assert not [index for index, image in enumerate(held_out.images) if image.tobytes() in known]


def test_the_split_is_the_same_each_time():
    assert all(
        np.array_equal(one.images, other.images) and np.array_equal(one.labels, other.labels)
        for one, other in zip(data.load(), data.load(), strict=True)
    )


def test_images_are_what_the_spec_says():
    train, _ = data.load()
    assert train.images.shape[1:] == SPEC.inputs[0].row_shape
    assert train.images.dtype == SPEC.inputs[0].dtype
    assert train.images.min() == 0.0
    assert train.images.max() == 1.0


def test_resizing_keeps_corners_and_interpolates_between_them():
    image = np.array([[[0.0, 1.0], [2.0, 3.0]]])
    expected = [[0.0, 0.5, 1.0], [1.0, 1.5, 2.0], [2.0, 2.5, 3.0]]
    np.testing.assert_allclose(data.resize(image, 3)[0], expected, atol=1e-6)

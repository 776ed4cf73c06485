import numpy as np
import pytest

from serveoff.models.images.codec import decode, settled, to_jpeg
from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import misfit
from serveoff.services.inprocess.crossing import crossed


def tensor(name, shape, dtype, **more):
    return TensorSpec(name=name, shape=(-1, *shape), dtype=dtype, **more)


def keys(batch):
    return [
        b"".join(array[row].tobytes() for array in batch.values()) for row in range(len(next(iter(batch.values()))))
    ]


def test_every_row_is_new_and_is_made_of_values_that_stood_there():
    random = np.random.default_rng(1)
    tensors = (tensor("x", (4, 3), "float32"), tensor("ids", (6,), "int64"), tensor("on", (), "bool"))
    golden = {
        "x": random.random((32, 4, 3), np.float32),
        "ids": random.integers(0, 99, (32, 6)),
        "on": random.random(32) < 0.5,
    }
    made = crossed(golden, tensors, 5)
    assert not misfit(made, tensors, 32)
    assert not set(keys(made)) & set(keys(golden))
    for name, array in made.items():
        assert (array[:, None] == golden[name][None]).any(axis=1).all(), name
    kept = np.mean(made["x"] == golden["x"])
    assert 0.7 < kept < 0.85, "a row is mostly its own"
    assert keys(crossed(golden, tensors, 5)) == keys(made) != keys(crossed(golden, tensors, 6))


def test_images_keep_whole_numbers_and_go_through_a_jpeg_file():
    random = np.random.default_rng(1)
    smooth = random.integers(60, 200, (4, 1, 1, 3)) + np.arange(32)[:, None, None]
    images = np.stack([settled(np.broadcast_to(image, (32, 24, 3)).astype(np.uint8)) for image in smooth])
    made = crossed({"image": images.astype(np.float32)}, (tensor("image", (32, 24, 3), "float32", image=True),), 1)
    assert len({*keys(made), *keys({"image": images.astype(np.float32)})}) > 4
    for image in made["image"]:
        pixels = image.astype(np.uint8)
        assert (decode(to_jpeg(pixels), 32, 24) == pixels).all()


@pytest.mark.parametrize("rows", [1, 3])
def test_numbers_that_are_all_the_same_are_nudged(rows):
    golden = {"x": np.full((rows, 5), 0.5, np.float32)}
    made = crossed(golden, (tensor("x", (5,), "float32"),), 1)["x"]
    assert (made != 0.5).any(axis=1).all()
    assert np.abs(made - 0.5).max() < 0.001


def test_where_nothing_else_is_known_golden_rows_are_left():
    golden = {"on": np.array([True, False])}
    assert set(crossed(golden, (tensor("on", (), "bool"),), 1)["on"].tolist()) <= {True, False}

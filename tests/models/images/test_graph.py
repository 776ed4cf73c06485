"""TensorFlow reads the same pixels from a file as Pillow does, and refuses the same files."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from serveoff.models.encoded_rows import decode_images
from serveoff.models.frameworks.tensorflow_setup import configure
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.images.codec import decode, to_jpeg, to_png
from serveoff.models.images.photographs import pictures
from serveoff.models.spec import TensorSpec

SIDE = 224
TENSOR = TensorSpec(name="image", shape=(-1, SIDE, SIDE, 3), dtype="float32")


@pytest.fixture(autouse=True, scope="module")
def threads():
    configure(1, "cpu")


@pytest.fixture(scope="module")
def graph():
    return tf.function(
        lambda strings: decode_images(strings, TENSOR), input_signature=[tf.TensorSpec([None], tf.string)]
    )


@pytest.fixture(scope="module")
def images():
    return pictures(SIDE, 4)


@pytest.mark.parametrize("write", [to_png, to_jpeg])
def test_files_become_exactly_the_pixels_that_the_client_has(graph, images, write):
    pixels = graph(tf.constant([write(image) for image in images])).numpy()
    assert pixels.dtype == np.float32
    np.testing.assert_array_equal(pixels, images)


@pytest.mark.parametrize(("quality", "subsampling"), [(75, 2), (95, 2), (50, 1), (75, 0)])
def test_any_jpeg_becomes_what_pillow_reads(graph, images, quality, subsampling):
    """Chroma at half the resolution, as cameras write it, is interpolated by the same library in both."""
    file = BytesIO()
    Image.fromarray(images[0]).save(file, "JPEG", quality=quality, subsampling=subsampling)
    pixels = graph(tf.constant([file.getvalue()])).numpy()[0]
    np.testing.assert_array_equal(pixels, decode(file.getvalue(), SIDE, SIDE))


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "P"])
def test_grey_transparent_and_palette_png_become_what_pillow_reads(graph, images, mode):
    file = BytesIO()
    Image.fromarray(images[0]).convert(mode).save(file, "PNG")
    pixels = graph(tf.constant([file.getvalue()])).numpy()[0]
    np.testing.assert_array_equal(pixels, decode(file.getvalue(), SIDE, SIDE))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "JPEG|PNG|pos"),
        (b"GIF89a" + bytes(20), "neither a JPEG nor a PNG"),
        (to_png(np.zeros((8, 8, 3), np.uint8)), "the model takes 224x224"),
        (to_jpeg(np.zeros((8, 8, 3), np.uint8)), "the model takes 224x224"),
        (to_png(np.zeros((SIDE, SIDE, 3), np.uint8))[:60], "PNG"),
    ],
)
def test_anything_else_is_an_invalid_argument(graph, data, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        graph(tf.constant([data]))


def test_no_files_are_no_rows(graph):
    assert graph(tf.constant([], tf.string)).shape == (0, SIDE, SIDE, 3)

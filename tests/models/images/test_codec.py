"""Images as files: PNG and settled JPEG keep every pixel, and nothing but an image of the right size is read."""

import struct
import zlib
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from serveoff.models.images.codec import ImageError, decode, settled, to_jpeg, to_png

SIDE = 32
NOISE = np.random.default_rng(5).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def written(image: Image.Image, format: str) -> bytes:
    file = BytesIO()
    image.save(file, format)
    return file.getvalue()


def test_png_keeps_every_pixel():
    np.testing.assert_array_equal(decode(to_png(NOISE), SIDE, SIDE), NOISE)


def test_jpeg_keeps_every_pixel_of_an_image_that_has_settled():
    image = settled(NOISE)
    np.testing.assert_array_equal(decode(to_jpeg(image), SIDE, SIDE), image)
    assert np.abs(image.astype(int) - NOISE).mean() < 16


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "P"])
def test_grey_and_palette_images_become_three_colours_and_transparency_is_dropped(mode):
    image = Image.fromarray(NOISE).convert(mode)
    np.testing.assert_array_equal(decode(written(image, "PNG"), SIDE, SIDE), np.asarray(image.convert("RGB")))


def test_an_image_of_another_size_is_refused_and_both_sizes_are_named():
    with pytest.raises(ImageError, match="32x32 pixels; the model takes 64x32"):
        decode(to_png(NOISE), 32, 64)


def test_a_file_that_claims_to_be_huge_is_refused_by_its_head():
    """A decompression bomb: 60 kB that would be 3.6 gigabytes of pixels."""
    head = struct.pack(">IIBBBBB", 60000, 20000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(60_000_000))), (b"IEND", b"")]
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    with pytest.raises(ImageError, match=r"60000x20000|exceeds limit"):
        decode(b"\x89PNG\r\n\x1a\n" + b"".join(packed), SIDE, SIDE)


@pytest.mark.parametrize(("mode", "format"), [("CMYK", "JPEG"), ("I;16", "PNG"), ("1", "PNG")])
def test_images_of_other_colours_are_refused(mode, format):
    image = Image.new(mode, (SIDE, SIDE))
    with pytest.raises(ImageError, match="8-bit grey or RGB"):
        decode(written(image, format), SIDE, SIDE)


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\xff\xd8\xff", b"not an image" * 100, to_png(NOISE)[:-40], to_jpeg(NOISE)[:300]]
)
def test_what_is_no_image_or_a_part_of_one_is_refused(data):
    with pytest.raises(ImageError, match="JPEG or PNG"):
        decode(data, SIDE, SIDE)


@given(st.sampled_from([to_png, to_jpeg]), st.integers(0, 3000), st.binary(min_size=1, max_size=8))
@settings(max_examples=400, deadline=None)
def test_a_damaged_file_is_an_image_or_a_clear_error(write, place, damage):
    data = bytearray(write(NOISE))
    data[place : place + len(damage)] = damage
    with suppress(ImageError):
        assert decode(bytes(data), SIDE, SIDE).shape == (SIDE, SIDE, 3)

"""Images as files: what a client writes and what our servers read, by Pillow.

PNG keeps every pixel. JPEG does not, and decoders may differ by a level: libjpeg-turbo, which Pillow and TensorFlow
both carry, is exact to the last bit in its slow integer transform (ISLOW), which is the one that Pillow uses, and that
TensorFlow uses where it is told `dct_method="INTEGER_ACCURATE"`. The files that are written here have no chroma
subsampling: then nothing is interpolated either.
"""

import struct
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""Images (n, height, width, 3), or one (height, width, 3): red, green, blue."""

QUALITY = 90
"""Of the JPEG files that are written."""
SETTLING_ROUNDS = 100

_FORMATS: Final = ("JPEG", "PNG")
_MODES = {"RGB", "L", "RGBA", "LA", "P"}
"""Of Pillow's images: eight bits a colour, grey or from a palette; what is transparent is taken as if it were not."""
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, Image.DecompressionBombError)
"""What Pillow raises for bytes that are no image, or a broken one: its PNG reader raises SyntaxError."""


class ImageError(ValueError):
    """Bytes that are not an image of the size that is asked for; the message says why."""


def to_jpeg(pixels: Pixels) -> bytes:
    """One image (height, width, 3) as a JPEG file."""
    return _written(pixels, "JPEG", quality=QUALITY, subsampling=0)


def to_png(pixels: Pixels) -> bytes:
    """One image (height, width, 3) as a PNG file."""
    return _written(pixels, "PNG")


def decode(data: bytes, height: int, width: int) -> Pixels:
    """The pixels (height, width, 3) of a JPEG or PNG file of that size; ImageError for anything else.

    The size is read from the file's head, and a file of another size is refused before its pixels are: a small file
    may claim to be a huge image.
    """
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            if image.size != (width, height):
                raise ImageError(f"the image has {image.width}x{image.height} pixels; the model takes {width}x{height}")
            if image.mode not in _MODES:
                raise ImageError(f"the image is of mode {image.mode}; it must have 8-bit grey or RGB colours")
            return np.asarray(image.convert("RGB"))
    except ImageError:
        raise
    except _UNREADABLE as error:
        raise ImageError(f"the bytes are not a JPEG or PNG image that can be read: {error}") from None


def settled(pixels: Pixels) -> Pixels:
    """Nearly the same image, which JPEG can carry without loss: what is left after it was written often enough.

    ValueError where it does not settle.
    """
    height, width, _ = pixels.shape
    for _ in range(SETTLING_ROUNDS):
        again = decode(to_jpeg(pixels), height, width)
        if np.array_equal(again, pixels):
            return again
        pixels = again
    raise ValueError(f"the image still changes after it was written as JPEG {SETTLING_ROUNDS} times")


def _written(pixels: Pixels, format: str, **settings: int) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, format, **settings)
    return file.getvalue()

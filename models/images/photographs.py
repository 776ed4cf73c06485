"""Real photographs that need no download: the two that scikit-learn ships, cut into several pictures each.

`china.jpg` (a palace above a lake) and `flower.jpg`, 640x427 pixels, by danielbuechele and vultilion, Creative Commons
BY 2.0: https://scikit-learn.org/stable/datasets/loading_other_datasets.html#sample-images. Each is cut in four places,
as squares of the whole height and one nearer; the second half of the pictures are the first half, mirrored.
"""

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image

from serveoff.models.images.codec import Pixels, settled

PHOTOGRAPHS = ("china", "flower")
CROPS = ((106, 0, 427), (160, 53, 320), (0, 0, 427), (213, 0, 427))
"""Left, top and side of the squares that are cut out, in pixels."""
PICTURES = 2 * len(CROPS) * len(PHOTOGRAPHS)


def pictures(side: int, count: int = PICTURES) -> Pixels:
    """So many pictures (n, side, side, 3), uint8: the middle of each photograph first, mirrored ones last.

    They are such that a JPEG file carries them without loss (serveoff.models.images.codec), so that a client may send
    them as numbers or as a file, and gets the same answer.
    """
    photographs = [Image.fromarray(load_sample_image(f"{name}.jpg")) for name in PHOTOGRAPHS]
    cut = [_cut(photograph, crop, side) for crop in CROPS for photograph in photographs]
    mirrored = [picture[:, ::-1] for picture in cut]
    return np.stack([settled(picture) for picture in (cut + mirrored)[:count]])


def _cut(photograph: Image.Image, crop: tuple[int, int, int], side: int) -> Pixels:
    left, top, length = crop
    box = (left, top, left + length, top + length)
    return np.asarray(photograph.resize((side, side), Image.Resampling.BICUBIC, box=box))

"""scikit-learn's handwritten digits: 1,797 real 8x8 images, resized to the 28x28 that the network takes.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository,
1998, https://archive.ics.uci.edu/dataset/80; scikit-learn ships its test part.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from serveoff.models.tensors import Examples
from serveoff.models.zoo.digits_cnn import SPEC
from serveoff.models.zoo.splits import stratified

SIDE = 28
WHITE = 16.0
"""The brightest value in scikit-learn's images."""


def load() -> tuple[Examples, Examples]:
    """Images (n, 28, 28, 1) float32 in [0, 1] and their labels (n,), to learn from and held out."""
    digits = load_digits()
    images = resize(digits.images / WHITE, SIDE)[..., np.newaxis]
    return stratified({SPEC.inputs[0].name: images}, digits.target)


def resize(images: NDArray[np.floating], side: int) -> NDArray[np.float32]:
    """Square images (n, h, h) resized to (n, side, side) by linear interpolation along both axes."""
    height = images.shape[1]
    positions = np.linspace(0, height - 1, side)
    along = np.stack([np.interp(positions, np.arange(height), unit) for unit in np.eye(height)], axis=1)
    resized: NDArray[np.float32] = (along @ images @ along.T).astype(np.float32)
    return resized

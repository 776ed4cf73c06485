"""scikit-learn's handwritten digits: 1,797 real 8x8 images, resized to the 28x28 that the network takes.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository,
1998, https://archive.ics.uci.edu/dataset/80; scikit-learn ships its test part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SIDE = 28
WHITE = 16.0
"""The brightest value in scikit-learn's images."""
HELD_OUT = 0.2
SPLIT_SEED = 20


@dataclass(frozen=True)
class Split:
    """Images (n, 28, 28, 1) float32 in [0, 1] and their labels (n,) int64."""

    images: NDArray[np.float32]
    labels: NDArray[np.int64]


def load() -> tuple[Split, Split]:
    """The training and the held-out split, the same each time; each has its share of every digit."""
    digits = load_digits()
    images = resize(digits.images / WHITE, SIDE)[..., np.newaxis]
    labels = digits.target.astype(np.int64)
    train, held_out = train_test_split(
        np.arange(len(labels)), test_size=HELD_OUT, random_state=SPLIT_SEED, stratify=labels
    )
    return Split(images[train], labels[train]), Split(images[held_out], labels[held_out])


def resize(images: NDArray[np.floating], side: int) -> NDArray[np.float32]:
    """Square images (n, h, h) resized to (n, side, side) by linear interpolation along both axes."""
    height = images.shape[1]
    positions = np.linspace(0, height - 1, side)
    along = np.stack([np.interp(positions, np.arange(height), unit) for unit in np.eye(height)], axis=1)
    resized: NDArray[np.float32] = (along @ images @ along.T).astype(np.float32)
    return resized

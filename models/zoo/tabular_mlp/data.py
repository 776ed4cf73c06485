"""scikit-learn's breast cancer data: 569 tumours, 30 features of each, computed from an image of its cells.

Source: W. Wolberg, O. Mangasarian, N. Street, W. Street, "Breast Cancer Wisconsin (Diagnostic)", UCI Machine Learning
Repository, 1995, https://archive.ics.uci.edu/dataset/17; scikit-learn ships it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

HELD_OUT = 0.2
SPLIT_SEED = 20


@dataclass(frozen=True)
class Split:
    """Features (n, 30) float32 as they were measured, and labels (n,) int64: 0 malignant, 1 benign."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]


def load() -> tuple[Split, Split]:
    """The training and the held-out split, the same each time; each has its share of both classes."""
    tumours = load_breast_cancer()
    features, labels = tumours.data.astype(np.float32), tumours.target.astype(np.int64)
    train, held_out = train_test_split(
        np.arange(len(labels)), test_size=HELD_OUT, random_state=SPLIT_SEED, stratify=labels
    )
    return Split(features[train], labels[train]), Split(features[held_out], labels[held_out])

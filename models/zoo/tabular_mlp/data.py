"""scikit-learn's breast cancer data: 569 tumours, 30 features of each, computed from an image of its cells.

Source: W. Wolberg, O. Mangasarian, N. Street, W. Street, "Breast Cancer Wisconsin (Diagnostic)", UCI Machine Learning
Repository, 1995, https://archive.ics.uci.edu/dataset/17; scikit-learn ships it.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer

from serveoff.models.tensors import Examples
from serveoff.models.zoo.splits import stratified
from serveoff.models.zoo.tabular_mlp import SPEC


def load() -> tuple[Examples, Examples]:
    """Features (n, 30) float32 as they were measured, and labels (n,): 0 malignant, 1 benign."""
    tumours = load_breast_cancer()
    return stratified({SPEC.inputs[0].name: tumours.data.astype(np.float32)}, tumours.target)

"""Examples to learn from, and examples that are held out to measure with."""

import numpy as np
from sklearn.model_selection import train_test_split

from serveoff.models.tensors import Array, Batch, Examples, take

HELD_OUT = 0.2
SPLIT_SEED = 20


def stratified(inputs: Batch, labels: Array) -> tuple[Examples, Examples]:
    """The training and the held-out split, the same each time; each has its share of every class."""
    rows = train_test_split(np.arange(len(labels)), test_size=HELD_OUT, random_state=SPLIT_SEED, stratify=labels)
    train, held_out = (Examples(take(inputs, of), labels[of].astype(np.int64)) for of in rows)
    return train, held_out

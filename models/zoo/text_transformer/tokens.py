"""Text to token ids, by a hash: no vocabulary to keep, and the same ids everywhere.

K. Weinberger et al., "Feature hashing for large scale multitask learning", ICML 2009, https://arxiv.org/abs/0902.2206.
"""

import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from serveoff.models.zoo.text_transformer import LENGTH, PADDING, VOCABULARY

WORD = re.compile(r"[a-z]+|[0-9]")
OWN_NAMES = frozenset(
    ("keras", "tensorflow", "tf", "numpy", "np", "scipy", "sp", "sklearn", "scikit", "torch", "pytorch", "aten")
)
"""Names of the libraries, which are left out of every passage: the answer must not stand in the question."""


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case, without the libraries' own names; each digit counts as a word."""
    return [word for word in WORD.findall(text.lower()) if word not in OWN_NAMES]


def encode(words: Sequence[str]) -> NDArray[np.int64]:
    """The ids (64,) int64 of up to 64 words, padded with 0; words beyond are left out.

    CRC-32 is the same in every process and on every machine, which Python's own `hash` is not. Some words share an id.
    """
    row = np.full(LENGTH, PADDING, np.int64)
    ids = [1 + zlib.crc32(word.encode()) % (VOCABULARY - 1) for word in words[:LENGTH]]
    row[: len(ids)] = ids
    return row

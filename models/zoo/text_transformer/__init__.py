"""A small transformer encoder that tells which library a passage of documentation is of, written three times.

Text is what many deployed models read: whole numbers instead of pixels, and a mask where a passage is shorter than the
row. Words and places are embedded; in two blocks, each word attends to the others (4 heads) and is then changed by a
dense network of its own; the mean over the words, padding left out, is told apart by a dense layer and softmax.

A. Vaswani et al., "Attention is all you need", NeurIPS 2017, https://arxiv.org/abs/1706.03762; normalised before each
part instead of after it: R. Xiong et al., ICML 2020, https://arxiv.org/abs/2002.04745. Attention is written by hand in
all three, as two matrix products around a masked softmax.
"""

from serveoff.models.spec import ModelSpec, TensorSpec

LIBRARIES = ("keras", "scipy", "sklearn", "torch")
"""The classes, in order."""
LENGTH = 64
"""Words in a row."""
VOCABULARY = 4096
"""Token ids: 0 is padding; a word's id is one of the others, by a hash."""
PADDING = 0
WIDTH = 64
HEADS = 4
DEPTH = WIDTH // HEADS
SPREAD = 0.05
"""The standard deviation of fresh embeddings: with PyTorch's 1, words begin as noise that is learned by heart."""
WIDER = 128
"""Units of the dense network within a block."""
MASKED = -1e9
"""The score of a word that is padding: softmax makes it exactly 0."""
EPSILON = 1e-5
"""Added to each variance by layer norm: PyTorch's own choice; Keras's is another."""
CLASSES = len(LIBRARIES)

SPEC = ModelSpec(
    name="text_transformer",
    description="Which library a passage of documentation is of: a small transformer encoder; int64 tokens and masks",
    inputs=(TensorSpec(name="tokens", shape=(-1, LENGTH), dtype="int64"),),
    outputs=(TensorSpec(name="probabilities", shape=(-1, CLASSES), dtype="float32"),),
)

PACKAGES = ("scipy",)
"""Documentation that is learned from; the other libraries are frameworks, and count for any model."""

LAYERS = ("word_embedding", "block1", "block2", "norm", "classify")
"""The layers that give something for each row, in order, by the name that each network gives them.

`place_embedding` has weights, too, but gives the same for all rows.
"""

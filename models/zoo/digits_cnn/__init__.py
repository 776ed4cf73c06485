"""A small convolutional network for handwritten digits, written three times to be set side by side.

Two 3x3 convolutions, each with ReLU and 2x2 max pooling, then two dense layers and softmax. All three
networks take rows in NHWC order and flatten in that order, so that weights move between them by transposing.
"""

from serveoff.models.spec import ModelSpec, TensorSpec

SPEC = ModelSpec(
    name="digits_cnn",
    description="Handwritten digits 0 to 9: a small convolutional network on 28x28 grey images",
    inputs=(TensorSpec(name="image", shape=(-1, 28, 28, 1), dtype="float32"),),
    outputs=(TensorSpec(name="probabilities", shape=(-1, 10), dtype="float32"),),
)

LAYERS = ("conv1", "conv2", "dense1", "dense2")
"""The layers that have weights, in order, by the name that each network gives them."""

CONV1_CHANNELS = 32
CONV2_CHANNELS = 64
FLAT = 7 * 7 * CONV2_CHANNELS
HIDDEN = 128
CLASSES = 10

"""ResNet-50 with random weights: the field's reference for speed, to be set beside published figures.

Fifty layers of dense convolutions, 25.6 million weights, 4.1 billion multiplications an image: here it stands for
models so heavy that the server should no longer matter. It is version 1.5, as TensorFlow's, NVIDIA's, torchvision's
and MLPerf's are: a block that halves the image does so in its 3x3 convolution, not in its first 1x1. Images are padded
alike on all sides, as in torchvision. The input is pixels as they are decoded, 0 to 255; the network subtracts
ImageNet's mean and divides by its deviation.

No package at hand ships trained weights, so they are drawn from a seed. What it answers means nothing; how fast it
answers, and whether all formats answer alike, does not depend on what the weights are.

Layers are named by their path in the network, as in `blocks.3.reduce`, in all three frameworks.

Sources: K. He et al., "Deep Residual Learning for Image Recognition", 2015, https://arxiv.org/abs/1512.03385; version
1.5: https://catalog.ngc.nvidia.com/orgs/nvidia/resources/resnet_50_v1_5_for_pytorch.
"""

from dataclasses import dataclass

from serveoff.models.spec import ModelSpec, TensorSpec

SIDE = 224
CLASSES = 1000

SPEC = ModelSpec(
    name="resnet50",
    description="ResNet-50 v1.5 with random weights, 224x224 pixels, 1,000 classes: how fast, not how right",
    inputs=(TensorSpec(name="image", shape=(-1, SIDE, SIDE, 3), dtype="float32", image=True),),
    outputs=(TensorSpec(name="probabilities", shape=(-1, CLASSES), dtype="float32"),),
)

PACKAGES = ("scikit-learn", "pillow")
"""Of the photographs (serveoff.models.images)."""

PIXEL_MEAN = (123.675, 116.28, 103.53)
PIXEL_SCALE = (58.395, 57.12, 57.375)
"""ImageNet's mean and deviation of red, green and blue, in levels of 0 to 255."""
EPSILON = 1e-5
"""Added to the variance in batch normalisation."""
STEM = 64
STEM_KERNEL = 7
EXPANSION = 4


@dataclass(frozen=True)
class Block:
    """A bottleneck: channels in, channels of its 3x3 convolution, and that convolution's stride."""

    channels_in: int
    width: int
    stride: int

    @property
    def channels_out(self) -> int:
        """Channels of its output."""
        return EXPANSION * self.width

    @property
    def projects(self) -> bool:
        """Whether its input must be brought to its output's shape before it is added."""
        return self.stride != 1 or self.channels_in != self.channels_out


_STAGES = ((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2))
"""Blocks, width, and the stride of the first block."""


def _blocks() -> tuple[Block, ...]:
    blocks, channels = [], STEM
    for repeats, width, stride in _STAGES:
        for index in range(repeats):
            blocks.append(Block(channels, width, 1 if index else stride))
            channels = blocks[-1].channels_out
    return tuple(blocks)


BLOCKS = _blocks()
FEATURES = BLOCKS[-1].channels_out

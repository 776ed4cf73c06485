"""The network as PyTorch writes it: a subclass of nn.Module."""

import torch
from torch import nn
from torch.nn import functional as F

from serveoff.models.zoo import resnet50 as net


def conv(channels_in: int, channels_out: int, kernel: int = 1, stride: int = 1) -> nn.Conv2d:
    """A convolution without a bias, padded alike on all sides."""
    return nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2, bias=False)


def norm(channels: int) -> nn.BatchNorm2d:
    """Batch normalisation."""
    return nn.BatchNorm2d(channels, eps=net.EPSILON)


class Bottleneck(nn.Module):  # type: ignore[misc]
    """Narrow, filter, widen, and add what came in."""

    def __init__(self, block: net.Block) -> None:
        super().__init__()
        self.reduce, self.reduce_bn = conv(block.channels_in, block.width), norm(block.width)
        self.filter, self.filter_bn = conv(block.width, block.width, 3, block.stride), norm(block.width)
        self.widen, self.widen_bn = conv(block.width, block.channels_out), norm(block.channels_out)
        project = conv(block.channels_in, block.channels_out, stride=block.stride)
        self.project = project if block.projects else nn.Identity()
        self.project_bn = norm(block.channels_out) if block.projects else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (n, channels, height, width), smaller by the stride."""
        y = F.relu(self.reduce_bn(self.reduce(x)))
        y = F.relu(self.filter_bn(self.filter(y)))
        y = self.widen_bn(self.widen(y))
        return F.relu(y + self.project_bn(self.project(x)))


class ResNet50(nn.Module):  # type: ignore[misc]
    """Maps images (n, 224, 224, 3) of pixels from 0 to 255 to probabilities (n, 1000)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("pixel_mean", torch.tensor(net.PIXEL_MEAN), persistent=False)
        self.register_buffer("pixel_scale", torch.tensor(net.PIXEL_SCALE), persistent=False)
        self.stem, self.stem_bn = conv(3, net.STEM, net.STEM_KERNEL, stride=2), norm(net.STEM)
        self.blocks = nn.Sequential(*(Bottleneck(block) for block in net.BLOCKS))
        self.classifier = nn.Linear(net.FEATURES, net.CLASSES)

    def features(self, image: torch.Tensor) -> torch.Tensor:
        """What the classifier judges by, (n, 2048): the mean of the last block's output over the image."""
        x = (image - self.pixel_mean) / self.pixel_scale
        x = x.permute(0, 3, 1, 2)  # NHWC, as requests come, to PyTorch's NCHW
        x = F.relu(self.stem_bn(self.stem(x)))
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        return self.blocks(x).mean(dim=(2, 3))

    def logits(self, image: torch.Tensor) -> torch.Tensor:
        """The scores before softmax, (n, 1000)."""
        return self.classifier(self.features(image))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Probabilities (n, 1000)."""
        return F.softmax(self.logits(image), dim=1)


build = ResNet50
"""The network with fresh weights."""

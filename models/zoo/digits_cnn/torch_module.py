"""The network as PyTorch writes it: a subclass of nn.Module."""

import torch
from torch import nn
from torch.nn import functional as F

from serveoff.models.zoo.digits_cnn import CLASSES, CONV1_CHANNELS, CONV2_CHANNELS, FLAT, HIDDEN

IMAGE_DIMS = 4
"""A batch of images: rows, channels, height, width."""


class DigitsCNN(nn.Module):  # type: ignore[misc]
    """Maps images (n, 28, 28, 1) in [0, 1] to probabilities (n, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, CONV1_CHANNELS, 3, padding="same")
        self.conv2 = nn.Conv2d(CONV1_CHANNELS, CONV2_CHANNELS, 3, padding="same")
        self.dense1 = nn.Linear(FLAT, HIDDEN)
        self.dense2 = nn.Linear(HIDDEN, CLASSES)

    def logits(self, image: torch.Tensor) -> torch.Tensor:
        """The scores before softmax, which training needs, (n, 10)."""
        x = image.permute(0, 3, 1, 2)  # NHWC, as requests come, to PyTorch's NCHW
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.permute(0, 2, 3, 1).flatten(1)  # flattened in NHWC order, as TensorFlow does
        x = F.relu(self.dense1(x))
        return self.dense2(x)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Probabilities (n, 10)."""
        return F.softmax(self.logits(image), dim=1)


def layer_output(name: str, given: torch.Tensor) -> torch.Tensor:
    """What a submodule gave, as Keras's layer of that name gives it: after its activation, images as NHWC."""
    if name == "dense2":
        return F.softmax(given, dim=1)
    return F.relu(given.permute(0, 2, 3, 1) if given.ndim == IMAGE_DIMS else given)


build = DigitsCNN
"""The network with fresh weights."""

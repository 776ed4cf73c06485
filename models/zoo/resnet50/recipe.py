"""Nothing is learned: the weights are drawn from a seed, and set so that numbers keep their size on the way.

Without that, fifty layers of random weights would make all numbers vanish or overflow, and it would show nothing that
formats agree. Each batch normalisation takes its statistics from the pictures themselves, what a block adds is kept
small, and the classifier is scaled so that it tells the pictures apart.
"""

import numpy as np
import torch
from torch import nn

from serveoff.models.images.photographs import pictures
from serveoff.models.train import SEED, OnEpoch, Trained, begin, golden_of, neutral
from serveoff.models.zoo.resnet50 import SIDE, SPEC
from serveoff.models.zoo.resnet50.torch_module import Bottleneck, ResNet50, build

EPOCHS = 1
ROWS = 8
SPREAD = 3.0
"""Standard deviation of the scores before softmax: the most probable class of a thousand then has some tenths."""
RESIDUAL = 0.2
"""Deviation of what a block adds to its input, of about 1. With 1 random blocks make a chaos of rounding: float32 and
float64 then differ by 7e-5 in a probability, with 0.2 by 3e-6. Training begins with 0 for its part:
P. Goyal et al., 2017, https://arxiv.org/abs/1706.02677."""
QUALITY = f"random weights (seed {SEED}): what it answers means nothing, only how fast it answers does"


def learn(on_epoch: OnEpoch) -> Trained:
    """The network and its answers to eight pictures."""
    begin()
    module = build()
    images = pictures(SIDE, ROWS).astype(np.float32)
    draw(module)
    with torch.no_grad():
        calibrate(module, torch.from_numpy(images))
    golden = golden_of(module, SPEC, {SPEC.inputs[0].name: images})
    on_epoch()
    return Trained(neutral(SPEC.name, module), golden, QUALITY, seed=SEED)


def draw(module: ResNet50) -> None:
    """Weights that keep the variance from layer to layer: K. He et al., 2015, https://arxiv.org/abs/1502.01852."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
        if isinstance(part, Bottleneck):
            nn.init.constant_(part.widen_bn.weight, RESIDUAL)
    nn.init.normal_(module.classifier.weight)
    nn.init.zeros_(module.classifier.bias)


def calibrate(module: ResNet50, images: torch.Tensor) -> None:
    """Set every batch normalisation's statistics by one pass over images (n, 224, 224, 3), then the classifier."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = None  # an average over all that is seen, not one that forgets
    module.train()
    module.features(images)
    module.eval()
    scores = module.logits(images)
    usual = scores.mean(dim=0)
    scale = SPREAD / (scores - usual).std()
    module.classifier.weight.mul_(scale)
    module.classifier.bias.copy_(-usual * scale)

"""Networks with random weights of which none is at its neutral value, and whose numbers stay in range."""

import torch
from torch import nn

from serveoff.models.zoo.resnet50.recipe import RESIDUAL


@torch.no_grad()
def seeded(module: nn.Module, images: torch.Tensor, seed: int = 3) -> nn.Module:
    """Draw every scale and shift, take statistics from images (n, 224, 224, 3), and let the classifier choose."""
    torch.manual_seed(seed)
    for name, part in module.named_modules():
        if isinstance(part, nn.BatchNorm2d):
            size = RESIDUAL if name.endswith(("widen_bn", "project_bn")) else 1.0
            nn.init.uniform_(part.weight, size / 2, size * 1.5)
            nn.init.normal_(part.bias, std=0.1)
            part.momentum = None
    module.train()
    module.logits(images)
    module.eval()
    scores = module.logits(images)
    module.classifier.weight.mul_(3 / scores.std())
    return module

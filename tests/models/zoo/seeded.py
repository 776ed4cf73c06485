"""Networks with random weights of which none is at its neutral value, and whose numbers stay in range."""

import torch
from torch import nn


@torch.no_grad()
def seeded(module: nn.Module, images: torch.Tensor, seed: int = 3) -> nn.Module:
    """Draw every scale and shift, take statistics from images (n, 224, 224, 3), and let the classifier choose."""
    torch.manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, std=0.1)
            part.momentum = None
    module.train()
    module.logits(images)
    module.eval()
    scores = module.logits(images)
    module.classifier.weight.mul_(3 / scores.std())
    return module

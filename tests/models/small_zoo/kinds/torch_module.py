import torch
from torch import nn


class Kinds(nn.Module):
    def forward(
        self,
        a: torch.Tensor,
        b: torch.Tensor,
        c: torch.Tensor,
        d: torch.Tensor,
        e: torch.Tensor,
        f: torch.Tensor,
    ) -> list[torch.Tensor]:
        return [a + a, b + b, c + c, d + d, e + e, torch.logical_not(f)]


def build() -> Kinds:
    return Kinds()

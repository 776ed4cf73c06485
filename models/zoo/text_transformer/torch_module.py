"""The network as PyTorch writes it: a subclass of nn.Module."""

import torch
from torch import nn
from torch.nn import functional as F

from serveoff.models.zoo import text_transformer as net


class Block(nn.Module):  # type: ignore[misc]
    """Maps words (n, 64, 64) to words that know of each other where `real` (n, 64) is True: padding is not read."""

    def __init__(self) -> None:
        super().__init__()
        self.split = (-1, net.LENGTH, net.HEADS, net.DEPTH)  # TorchScript reads no globals
        self.scale = net.DEPTH**-0.5
        self.masked = net.MASKED
        self.attention_norm = nn.LayerNorm(net.WIDTH, eps=net.EPSILON)
        self.query = nn.Linear(net.WIDTH, net.WIDTH)
        self.key = nn.Linear(net.WIDTH, net.WIDTH)
        self.value = nn.Linear(net.WIDTH, net.WIDTH)
        self.mix = nn.Linear(net.WIDTH, net.WIDTH)
        self.dense_norm = nn.LayerNorm(net.WIDTH, eps=net.EPSILON)
        self.widen = nn.Linear(net.WIDTH, net.WIDER)
        self.narrow = nn.Linear(net.WIDER, net.WIDTH)

    def forward(self, x: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """Attention, then a dense network for each word; each adds to what came in."""
        x = x + self.attend(self.attention_norm(x), real)
        return x + self.narrow(F.relu(self.widen(self.dense_norm(x))))

    def attend(self, x: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """Each word's mixture (n, 64, 64) of all real words, by how well its query fits their keys."""
        query, key, value = self.heads(self.query(x)), self.heads(self.key(x)), self.heads(self.value(x))
        scores = torch.matmul(query, key.transpose(2, 3)) * self.scale
        shares = F.softmax(scores.masked_fill(~real[:, None, None, :], self.masked), dim=-1)
        return self.mix(torch.matmul(shares, value).transpose(1, 2).flatten(2))

    def heads(self, x: torch.Tensor) -> torch.Tensor:
        """(n, words, 64) as (n, heads, words, 16)."""
        return x.view(self.split).transpose(1, 2)


class TextTransformer(nn.Module):  # type: ignore[misc]
    """Maps token ids (n, 64) int64 to probabilities (n, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.padding = net.PADDING
        self.word_embedding = nn.Embedding(net.VOCABULARY, net.WIDTH)
        self.place_embedding = nn.Embedding(net.LENGTH, net.WIDTH)
        for embedding in (self.word_embedding, self.place_embedding):
            nn.init.normal_(embedding.weight, std=net.SPREAD)
        self.block1 = Block()
        self.block2 = Block()
        self.norm = nn.LayerNorm(net.WIDTH, eps=net.EPSILON)
        self.classify = nn.Linear(net.WIDTH, net.CLASSES)

    def logits(self, tokens: torch.Tensor) -> torch.Tensor:
        """The scores before softmax, which training needs, (n, 4)."""
        real = tokens != self.padding
        x = self.word_embedding(tokens) + self.place_embedding.weight
        x = self.norm(self.block2(self.block1(x, real), real))
        counted = real.unsqueeze(2).to(x.dtype)
        mean = (x * counted).sum(dim=1) / counted.sum(dim=1).clamp(min=1.0)
        return self.classify(mean)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Probabilities (n, 4)."""
        return F.softmax(self.logits(tokens), dim=1)


def layer_output(name: str, given: torch.Tensor) -> torch.Tensor:
    """What a submodule gave, as Keras's layer of that name gives it: after its activation."""
    return F.softmax(given, dim=1) if name == "classify" else given


build = TextTransformer
"""The network with fresh weights."""

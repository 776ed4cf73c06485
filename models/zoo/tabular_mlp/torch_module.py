"""The network as PyTorch writes it: a subclass of nn.Module."""

import torch
from torch import nn
from torch.nn import functional as F

from serveoff.models.zoo.tabular_mlp import CLASSES, EPSILON, FEATURES, HIDDEN1, HIDDEN2


class Standardise(nn.Module):  # type: ignore[misc]
    """A batch norm that normalises no batch: its mean and variance are constants, in training, too."""

    def __init__(self) -> None:
        super().__init__()
        self.epsilon = EPSILON
        self.register_buffer("running_mean", torch.zeros(FEATURES))
        self.register_buffer("running_var", torch.ones(FEATURES))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features (n, 30), each with mean 0 and variance 1 over the training split."""
        return F.batch_norm(features, self.running_mean, self.running_var, eps=self.epsilon)


class TabularMLP(nn.Module):  # type: ignore[misc]
    """Maps features (n, 30) to probabilities (n, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.standardise = Standardise()
        self.dense1 = nn.Linear(FEATURES, HIDDEN1)
        self.dense2 = nn.Linear(HIDDEN1, HIDDEN2)
        self.dense3 = nn.Linear(HIDDEN2, CLASSES)

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """The scores before softmax, which training needs, (n, 2)."""
        x = self.standardise(features)
        x = F.relu(self.dense1(x))
        x = F.relu(self.dense2(x))
        return self.dense3(x)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Probabilities (n, 2)."""
        return F.softmax(self.logits(features), dim=1)


ACTIVATIONS = {"dense1": F.relu, "dense2": F.relu, "dense3": lambda given: F.softmax(given, dim=1)}


def layer_output(name: str, given: torch.Tensor) -> torch.Tensor:
    """What a submodule gave, as Keras's layer of that name gives it: after its activation."""
    activation = ACTIVATIONS.get(name)
    return activation(given) if activation else given


build = TabularMLP
"""The network with fresh weights."""

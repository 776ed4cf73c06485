"""Train a model of the zoo, in PyTorch, once: all formats are exported from the weights that come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from models import zoo
from models.golden import ROWS, Golden
from models.manifest import ArtifactError
from models.weights import Weights, from_torch

SEED = 7
EPOCHS = 12
BATCH = 64
LEARNING_RATE = 2e-3
SHIFT = 2
"""Augmentation: images are moved by up to this many pixels each way."""
THREADS = 1
"""The network is small: a second thread saves little, and waits long for its turn on a machine that is busy."""
LEAST_ACCURACY = 0.97

OnEpoch = Callable[[], None]
"""Told after each of the epochs."""


class TrainingError(ArtifactError):
    """Training did not reach the accuracy that a model must have."""


@dataclass(frozen=True)
class Trained:
    """A trained model: neutral weights, golden answers, and top-1 accuracy (0 to 1) on the held-out split."""

    weights: Weights
    golden: Golden
    accuracy: float


def train(model: str, on_epoch: OnEpoch = lambda: None, *, epochs: int = EPOCHS) -> Trained:
    """Train a zoo model from a fixed seed; TrainingError where it stays below LEAST_ACCURACY.

    The same machine and versions give the same weights each time. The held-out split is used only to measure.
    """
    torch.manual_seed(SEED)
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    learn, held_out = zoo.network(model, "data").load()
    module = zoo.network(model, "torch_module").build()
    _fit(module, torch.from_numpy(learn.images), torch.from_numpy(learn.labels), epochs, on_epoch)
    outputs = _predict(module, held_out.images)
    accuracy = float((outputs.argmax(axis=1) == held_out.labels).mean())
    if accuracy < LEAST_ACCURACY:
        raise TrainingError(
            f"model {model} reached {accuracy:.1%} on the held-out split, below the {LEAST_ACCURACY:.0%} it must "
            f"have: what was changed in models/train.py or models/zoo/{model} made it worse; mend it, then export again"
        )
    # Computed anew from the 64 rows alone: a batch of another size may round differently in the last digit.
    golden = Golden(held_out.images[:ROWS], _predict(module, held_out.images[:ROWS]), held_out.labels[:ROWS])
    weights = from_torch({name: value.numpy() for name, value in module.state_dict().items()})
    return Trained(weights, golden, accuracy)


def _fit(module: nn.Module, images: torch.Tensor, labels: torch.Tensor, epochs: int, on_epoch: OnEpoch) -> None:
    steps = -(-len(labels) // BATCH) * epochs
    optimizer = torch.optim.AdamW(module.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    module.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(labels)).split(BATCH):
            optimizer.zero_grad()
            logits = module.logits(_shifted(images[batch]))
            F.cross_entropy(logits, labels[batch]).backward()
            optimizer.step()
            schedule.step()
        on_epoch()


def _shifted(images: torch.Tensor) -> torch.Tensor:
    """The images of a batch (n, h, w, c), moved together by a random number of pixels; black comes in."""
    height, width = images.shape[1:3]
    padded = F.pad(images, (0, 0, SHIFT, SHIFT, SHIFT, SHIFT))
    top, left = torch.randint(2 * SHIFT + 1, (2,)).tolist()
    return padded[:, top : top + height, left : left + width]


def _predict(module: nn.Module, images: NDArray[np.float32]) -> NDArray[np.float32]:
    module.eval()
    with torch.inference_mode():
        outputs: NDArray[np.float32] = module(torch.from_numpy(images)).numpy()
    return outputs

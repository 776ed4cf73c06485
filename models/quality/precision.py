"""Lower precisions: what an artifact of full precision can be computed in besides, when it is loaded for that.

`int8` is ONNX Runtime's dynamic quantization: weights are 8 bits, activations become so at every call, by their largest
value. https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
`bfloat16` is PyTorch's autocast on a CPU: multiplications in bfloat16, the rest as PyTorch thinks safe.
https://docs.pytorch.org/docs/stable/amp.html
"""

from collections.abc import Mapping
from typing import Final

INT8: Final = "int8"
BFLOAT16: Final = "bfloat16"
FORMATS_IN: Final[Mapping[str, tuple[str, ...]]] = {INT8: ("onnx",), BFLOAT16: ("torchscript", "torch_eager")}
"""Each lower precision, and the formats whose modules take it as the `precision` of `load`."""


def refusal(format: str, precision: str, device: str) -> str:
    """Why a format cannot be computed so, wherever it is; empty where it can be tried."""
    if precision not in FORMATS_IN:
        return f"there is no lower precision {precision!r}: it is one of {', '.join(FORMATS_IN)}"
    if format not in FORMATS_IN[precision]:
        return f"{format} is not computed in {precision}: that is for {' and '.join(FORMATS_IN[precision])}"
    if device != "cpu":
        return f"{precision} is tried on a CPU only, and this is {device}"
    return ""

"""An ONNX file, `model.onnx`, whose operations onnx2torch turns to PyTorch's, one by one, when it is loaded.

onnx2torch imports torchvision for two operators of object detection. Where torchvision is not installed, or is built
for another PyTorch and cannot be imported, a stand-in takes its place, which says so when one of the two is called.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from torch import nn

from serveoff.models.manifest import ArtifactError

FILE = "model.onnx"

TORCHVISION = {"nms": "NonMaxSuppression", "box_convert": "NonMaxSuppression", "roi_align": "RoiAlign"}
"""torchvision's functions to the ONNX operators that onnx2torch computes by them."""


def read(model: Any) -> nn.Module:
    """The module of an ONNX file's path or a ModelProto, which takes and gives tensors in the graph's order.

    NotImplementedError where onnx2torch lacks an operator; ArtifactError without onnx2torch. It is given no path: it
    would write beside the file, and a model's folder is read-only where it is served.
    """
    with _torchvision():
        try:
            import onnx
            import onnx2torch
        except ModuleNotFoundError as missing:
            needs = f"an ONNX file runs in PyTorch by onnx2torch, which needs {missing.name}"
            raise ArtifactError(needs, "run `pip install onnx2torch`") from None
    module: nn.Module = onnx2torch.convert(onnx.load(model) if isinstance(model, Path) else model)
    return module.eval()


@contextmanager
def _torchvision() -> Iterator[None]:
    """Let `import torchvision` succeed, for as long as onnx2torch is imported and no longer."""
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError):  # RuntimeError: its operators are not those of this PyTorch
        package, operators = ModuleType("torchvision"), ModuleType("torchvision.ops")
        for name in TORCHVISION:
            setattr(operators, name, _missing(name))
        package.ops = operators  # type: ignore[attr-defined]
        stand_ins = {"torchvision": package, "torchvision.ops": operators}
        sys.modules.update(stand_ins)
        try:
            yield
        finally:
            for name in stand_ins:
                del sys.modules[name]
    else:
        yield


def _missing(name: str) -> Any:
    def call(*_: Any, **__: Any) -> NoReturn:
        raise ArtifactError(f"the operator {TORCHVISION[name]} needs a torchvision that goes with this PyTorch")

    return call

"""An ONNX model as onnx2torch reads it, and the operator that it has no rule for."""

from __future__ import annotations

import re
from typing import Any

from torch import nn

from serveoff.models.convert import Unconvertible
from serveoff.models.loading.torch_eager import model_onnx


def module_of(model: Any) -> nn.Module:
    """The module of a ModelProto; Unconvertible where onnx2torch has no rule for one of its operators."""
    try:
        return model_onnx.read(model)
    except NotImplementedError as error:
        found = re.search(r"operation_type='(\w+)', version=(\d+)", str(error))
        operator = found[1] if found else ""
        what = f"the operator {operator} of version {found[2]}" if found else f"this model: {error}"
        raise Unconvertible(f"onnx2torch has no rule for {what}", operator) from error

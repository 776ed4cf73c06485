"""ONNX Runtime's dynamic quantization, made of a verified graph where it is loaded: nothing is written beside it.

https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html#dynamic-quantization
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
import onnxruntime
from onnxruntime.quantization import quantize_dynamic

from serveoff.models.manifest import ArtifactError

QUANTIZED = frozenset({"MatMulInteger", "ConvInteger", "DynamicQuantizeLinear", "DynamicQuantizeLSTM"})
"""Operators that dynamic quantization puts in place of those of floats."""


def session_of(file: Path, options: Any, providers: list[Any]) -> Any:
    """A session of the graph in 8 bits; ArtifactError where nothing of it can be quantized.

    The graph is handed over in memory: of a path, ONNX Runtime writes a file beside it, where a server may not.
    """
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "int8.onnx")
        try:
            quantize_dynamic(onnx.load(str(file)), path)
        except (ValueError, RuntimeError, AttributeError, KeyError, AssertionError) as error:
            raise ArtifactError(f"ONNX Runtime cannot quantize this graph to int8: {error}") from None
        if not QUANTIZED & {node.op_type for node in onnx.load(path, load_external_data=False).graph.node}:
            raise ArtifactError("nothing of this graph can be quantized to int8: it multiplies no matrix by weights")
        return onnxruntime.InferenceSession(path, options, providers=providers)

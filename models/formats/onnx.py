"""ONNX, run by ONNX Runtime: a static graph of operators that belong to no framework.

Layout: `model.onnx`. Who serves it needs ONNX Runtime alone: neither PyTorch nor TensorFlow.
https://onnxruntime.ai/docs/api/python/api_summary.html
"""

import json
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnxruntime

from serveoff.models.formats import Loaded, one_row
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch, as_specified
from serveoff.models.weights import Weights

FRAMEWORK = "onnxruntime"
SERVED = ""
FILE = "model.onnx"
NO_LAYERS = "a static graph returns its final outputs only: ONNX Runtime computes what the graph names as outputs"
CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
ERRORS_ONLY = 3
FLOATS = frozenset({"float", "double", "float16", "bfloat16"})
"""ONNX Runtime's words for kinds of numbers, in a profile."""


def export(spec: ModelSpec, weights: Weights, folder: Path) -> None:
    """Write the zoo's PyTorch module by PyTorch's exporter."""
    from serveoff.models.convert import torch_onnx  # needs PyTorch, which who serves the file does without
    from serveoff.models.formats.torch_eager import filled

    torch_onnx.write(filled(spec, weights), spec, folder)


def load(folder: Path, spec: ModelSpec, *, threads: int = 1, device: str = "cpu", precision: str = "") -> Loaded:
    """Run the graph in an inference session: as it is, or in 8 bits, which it is brought to first."""
    options = session_options(threads)
    if precision:
        from serveoff.models.quality.onnx_int8 import session_of  # needs onnx, which other sessions do without

        session = session_of(folder / FILE, options, providers(device))
    else:
        session = onnxruntime.InferenceSession(str(folder / FILE), options, providers=providers(device))
    names = [tensor.name for tensor in spec.outputs]

    def predict(batch: Batch) -> Batch:
        return as_specified(dict(zip(names, session.run(names, batch), strict=True)), spec.outputs)

    found = "cpu" if device == "cpu" else placement(folder / FILE, names, one_row(spec, folder), device)
    threads = options.intra_op_num_threads
    return Loaded(predict, found, no_layers=NO_LAYERS, precision=precision, intra_op_threads=threads)


def session_options(threads: int) -> Any:
    """So many threads in an operator, 0 for as many as ONNX Runtime chooses; one operator at a time."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return options


def providers(device: str) -> list[Any]:
    """ONNX Runtime's providers for a device, the wanted one first: what it cannot do, the CPU does."""
    if device == "cpu":
        return [CPU]
    return [(CUDA, {"device_id": int(device.partition(":")[2] or 0)}), CPU]


def placement(file: Path, outputs: list[str], batch: Batch, device: str) -> str:
    """Where a graph computes, by the profile of one call: the providers of all operators that give numbers of a float.

    ONNX Runtime leaves what a GPU's provider lacks to the CPU without a word, and shapes always.
    """
    with TemporaryDirectory() as folder:
        options = session_options(1)
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(str(file), options, providers=providers(device))
        session.run(outputs, batch)
        events = json.loads(Path(session.end_profiling()).read_text())
    return joined(events, device)


def joined(events: Iterable[dict[str, Any]], device: str) -> str:
    """The same of a profile's events: `cpu`, the device, or `cpu+cuda:0`."""
    nodes = [event["args"] for event in events if event.get("args", {}).get("provider")]
    floats = [node for node in nodes if any(FLOATS & kind.keys() for kind in node.get("output_type_shape", []))]
    found = {device if node["provider"] == CUDA else "cpu" for node in floats or nodes}
    return "+".join(sorted(found)) or "cpu"

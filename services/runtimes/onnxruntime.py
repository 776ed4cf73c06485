"""ONNX Runtime's devices, for its one format; its threads are each session's own."""

import onnxruntime

from serveoff.models.formats.onnx import CUDA


def has_gpu() -> bool:
    """Whether this build of ONNX Runtime can compute on a GPU, and there is one."""
    return CUDA in onnxruntime.get_available_providers()


def limit_inter_op_threads() -> None:
    """A session has one: serveoff.models.formats.onnx."""

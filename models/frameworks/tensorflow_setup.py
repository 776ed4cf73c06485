"""TensorFlow, quiet and set up: import it from here, since its log level is read when it is first imported."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow

from serveoff.models.agreement import coarsest

__all__ = ["configure", "devices_of", "every_node", "intra_op_threads", "joined", "precision_of", "tensorflow"]

tensorflow.get_logger().setLevel("ERROR")


def configure(threads: int, device: str) -> None:
    """Set the process's intra-op threads, and hide GPUs if the device is `cpu`; before the first operation.

    A GPU that is used gives memory as it is asked for: TensorFlow would take all of it, and other servers share it.
    """
    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1 if threads else 0)
    if device == "cpu":
        tensorflow.config.set_visible_devices([], "GPU")
        return
    for gpu in tensorflow.config.list_physical_devices("GPU"):
        tensorflow.config.experimental.set_memory_growth(gpu, True)


def intra_op_threads() -> int:
    """Threads of one operation that TensorFlow's eager runtime has; 0: as many as it chooses. A Session has its own."""
    return int(tensorflow.config.threading.get_intra_op_parallelism_threads())


def precision_of(graph_def: Any) -> str:
    """The coarsest dtype of floats that a graph computes in, its functions as well, where float32 is finer."""
    types = {attribute.type for node in every_node(graph_def) for attribute in node.attr.values()}
    return coarsest(tensorflow.as_dtype(kind).name for kind in types if kind)


def every_node(graph_def: Any) -> Iterator[Any]:
    """All nodes of a graph, those of its functions too."""
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def


def devices_of(tensors: Iterable[Any]) -> str:
    """Where eager tensors and variables lie, as `serveoff.models.formats.Loaded` words it."""
    return joined(tensor.backing_device for tensor in map(tensorflow.convert_to_tensor, tensors))


def joined(names: Iterable[str]) -> str:
    """PyTorch's names of TensorFlow's devices: `.../device:GPU:0` is `cuda:0`, `.../device:CPU:0` is `cpu`."""
    short = {name.rpartition("device:")[2].lower().replace("gpu", "cuda") for name in names}
    return "+".join(sorted("cpu" if name == "cpu:0" else name for name in short))

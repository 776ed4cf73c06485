"""One version of one model, loaded: a Session over the SavedModel's graph, as TensorFlow Serving runs it.

The same way for SavedModels written by TF1 and by TF2: load the graph of the tags, feed and fetch the tensors that a
signature names. No function is traced and nothing is copied into eager tensors, which is also why this is about four
times as fast as calling the signature of `tf.saved_model.load`.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import config_pb2

from serveoff.services.reported_settings import line_of
from serveoff.services.tfserving.embedded.errors import Code, ServingError
from serveoff.services.tfserving.embedded.signatures import Array, Signature, TensorInfo
from serveoff.services.tfserving.embedded.tensor_protos import type_name

Run = Callable[..., Sequence[Any]]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SessionOptions:
    """How models are loaded and run. Threads of 0: TensorFlow decides. timeout_ms of 0: none."""

    tags: tuple[str, ...] = ("serve",)
    intra_op_threads: int = 0
    inter_op_threads: int = 0
    timeout_ms: int = 0
    check_methods: bool = False


class Servable:
    """A loaded version. Safe to call from many threads; TensorFlow releases the GIL while it runs."""

    def __init__(
        self, name: str, version: int, session: Any, signature_defs: Mapping[str, Any], options: SessionOptions
    ) -> None:
        self.name = name
        self.version = version
        self.signature_defs = signature_defs
        checks = options.check_methods
        self.signatures = {key: _signature(key, value, checks) for key, value in signature_defs.items()}
        self._session = session
        self._timeout_ms = options.timeout_ms
        self._lock = threading.Lock()
        self._callables: dict[tuple[tuple[str, ...], tuple[str, ...]], Run] = {}

    def run(self, feeds: Sequence[str], arrays: Sequence[Array], fetches: Sequence[str]) -> list[Array]:
        """Feed tensors by their names in the graph and fetch others; ServingError with TensorFlow's own text."""
        call = self._callable(tuple(feeds), tuple(fetches))
        try:
            return list(call(*arrays))
        except tf.errors.OpError as error:
            raise ServingError(Code(error.error_code), error.message) from None

    def _callable(self, feeds: tuple[str, ...], fetches: tuple[str, ...]) -> Run:
        key = (feeds, fetches)
        found = self._callables.get(key)
        if found is None:
            with self._lock:
                found = self._callables[key] = self._callables.get(key) or self._make(feeds, fetches)
        return found

    def _make(self, feeds: tuple[str, ...], fetches: tuple[str, ...]) -> Run:
        options = config_pb2.CallableOptions(feed=feeds, fetch=fetches)
        options.run_options.timeout_in_ms = self._timeout_ms
        # Not public, but what Session::MakeCallable is bound to: the public ways cost 130 us more per call, as
        # they look up every feed and fetch again.
        return self._session._make_callable_from_options(options)  # type: ignore[no-any-return]


def load(name: str, version: int, path: Path, options: SessionOptions) -> Servable:
    """Load the SavedModel in a version folder; ServingError says why not."""
    config = config_pb2.ConfigProto(
        intra_op_parallelism_threads=options.intra_op_threads,
        inter_op_parallelism_threads=options.inter_op_threads,
        allow_soft_placement=True,
    )
    config.gpu_options.allow_growth = True
    session = tf.compat.v1.Session(graph=tf.Graph(), config=config)
    # In the log, for this API has no place for it: who compares servers reads there how each is set.
    intra, inter = config.intra_op_parallelism_threads, config.inter_op_parallelism_threads
    log.info(line_of(intra_op_threads=intra, threads_per_worker=inter, device=_device(session)))
    try:
        with session.graph.as_default():
            meta_graph = tf.compat.v1.saved_model.loader.load(session, list(options.tags), str(path))
    except tf.errors.OpError as error:
        session.close()
        raise ServingError(Code(error.error_code), error.message) from None
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, DecodeError) as error:
        session.close()
        code = Code.NOT_FOUND if isinstance(error, OSError) else Code.INVALID_ARGUMENT
        raise ServingError(code, str(error)) from None
    return Servable(name, version, session, dict(meta_graph.signature_def), options)


def _device(session: tf.compat.v1.Session) -> str:
    """`cpu`, or the GPU that the session opened, as `cuda:0`."""
    kinds = [device.name.rpartition("/device:")[2].partition(":") for device in session.list_devices()]
    return next((f"cuda:{number}" for kind, _, number in kinds if kind == "GPU"), "cpu")


def _signature(name: str, definition: Any, checks_method: bool) -> Signature:
    inputs = {alias: _tensor_info(info) for alias, info in sorted(definition.inputs.items())}
    outputs = {alias: _tensor_info(info) for alias, info in sorted(definition.outputs.items())}
    return Signature(name, definition.method_name, inputs, outputs, checks_method)


def _tensor_info(info: Any) -> TensorInfo:
    known = info.HasField("tensor_shape") and not info.tensor_shape.unknown_rank
    shape = tuple(dim.size for dim in info.tensor_shape.dim) if known else None
    return TensorInfo(info.name, type_name(info.dtype), shape)

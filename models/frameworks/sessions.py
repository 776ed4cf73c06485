"""A graph called with the least that TensorFlow does for a call: what the floor measures."""

from collections.abc import Callable, Sequence
from typing import Any

from tensorflow.core.protobuf import config_pb2

from serveoff.models.formats import Predict
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch, as_specified, named

tf1 = tf.compat.v1
EXECUTORS = ("SINGLE_THREADED_EXECUTOR", "")
"""The first hands no operation from thread to thread, but knows no control flow of TensorFlow 1 and no GPU."""

Fill = Callable[[Any], tuple[Sequence[str], Sequence[str]]]
"""Fills a Session's graph, the current one; the names of the tensors to feed and to fetch, in the spec's order."""


def config_of(threads: int, device: str) -> Any:
    """Settings of a Session: one thread between operations where the threads within one are given."""
    config = tf1.ConfigProto(
        intra_op_parallelism_threads=threads,
        inter_op_parallelism_threads=1 if threads else 0,
        device_count={"GPU": 0} if device == "cpu" else {},
    )
    config.gpu_options.allow_growth = True
    return config


def quickest_call(fill: Fill, spec: ModelSpec, threads: int, device: str, row: Batch) -> Predict:
    """The quicker executor that can answer `row`, and a call whose feeds and fetches are looked up once."""
    for executor in EXECUTORS if device == "cpu" else EXECUTORS[-1:]:
        predict = _call(fill, spec, config_of(threads, device), executor)
        try:
            predict(row)
        except tf.errors.OpError:
            continue
        return predict
    raise RuntimeError("no executor runs this graph")


def _call(fill: Fill, spec: ModelSpec, config: Any, executor: str) -> Predict:
    config.experimental.executor_type = executor
    session = tf1.Session(graph=tf.Graph(), config=config)
    with session.graph.as_default():
        feeds, fetches = fill(session)
    # Not public, but what Session::MakeCallable is bound to: `make_callable` looks the tensors up for every call.
    run = session._make_callable_from_options(config_pb2.CallableOptions(feed=feeds, fetch=fetches))
    return calling(run, spec)


def calling(run: Callable[..., Any], spec: ModelSpec) -> Predict:
    """A call of what takes the inputs and gives the outputs by position, in the spec's order."""
    names = [tensor.name for tensor in spec.inputs]

    def predict(batch: Batch) -> Batch:
        given = run(*(batch[name] for name in names))
        return as_specified(named(spec.outputs, given), spec.outputs)

    return predict

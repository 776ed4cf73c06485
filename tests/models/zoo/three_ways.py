"""One network, written three times, filled with the same weights and asked the same; no training is needed for that."""

import numpy as np
import torch

from serveoff.models import zoo
from serveoff.models.agreement import compare
from serveoff.models.formats import torch_eager
from serveoff.models.frameworks import keras_weights
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.frameworks.torch_calling import answers_of, arguments
from serveoff.models.tensors import Batch
from serveoff.models.train import neutral
from serveoff.models.weights import Weights

tf1 = tf.compat.v1


def random_weights(model: str) -> Weights:
    """Weights as a fresh network has them, each moved a little: no gain is 1 and no bias 0, so that each one counts."""
    torch.manual_seed(0)
    fresh = neutral(model, zoo.network(model, "torch_module").build())
    draw = np.random.default_rng(0)
    return {name: (value + 0.1 * draw.standard_normal(value.shape)).astype(np.float32) for name, value in fresh.items()}


def by_torch(model: str, weights: Weights, batch: Batch) -> Batch:
    spec = zoo.load_spec(model)
    with torch.inference_mode():
        return answers_of(torch_eager.filled(spec, weights)(*arguments(batch, spec)), spec)


def by_torchscript(model: str, weights: Weights, batch: Batch) -> Batch:
    spec = zoo.load_spec(model)
    scripted = torch.jit.freeze(torch.jit.script(torch_eager.filled(spec, weights)))
    with torch.inference_mode():
        return answers_of(scripted(*arguments(batch, spec)), spec)


def by_keras(model: str, weights: Weights, batch: Batch) -> Batch:
    spec = zoo.load_spec(model)
    network = keras_weights.filled(model, weights)
    return {spec.outputs[0].name: network(tf.constant(batch[spec.inputs[0].name]), training=False).numpy()}


def by_tf1(model: str, weights: Weights, batch: Batch) -> Batch:
    with tf.Graph().as_default(), tf1.Session() as session:
        inputs, outputs = zoo.network(model, "tf1_graph").build()
        for variable in tf1.global_variables():
            variable.load(weights[variable.op.name], session)
        return session.run(outputs, {inputs[name]: rows for name, rows in batch.items()})


WAYS = {"torchscript": by_torchscript, "keras": by_keras, "tf1": by_tf1}


def assert_alike(model: str, weights: Weights, batch: Batch) -> Batch:
    """All ways of writing a network answer alike; the answers, by PyTorch."""
    answers = by_torch(model, weights, batch)
    for way, ask in WAYS.items():
        errors = compare(ask(model, weights, batch), answers)
        assert not errors.wrong.any(), f"{way} is off by {errors.error.max():.1e}"
    return answers

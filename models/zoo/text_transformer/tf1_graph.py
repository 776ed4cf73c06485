"""The network as TensorFlow 1 writes it: operations added to a graph, to be run by a Session."""

from typing import Any

import tensorflow as tf

from serveoff.models.zoo import text_transformer as net
from serveoff.models.zoo.tf1_layers import dense, variable

tf1 = tf.compat.v1

PROBABILITIES = net.SPEC.outputs[0].name
LAYER_TENSORS = {
    "word_embedding": "words:0",
    "block1": "block1_output:0",
    "block2": "block2_output:0",
    "norm": "normed:0",
    "classify": f"{PROBABILITIES}:0",
}
"""Where each layer's output is in the graph."""


def build() -> tuple[dict[str, Any], dict[str, Any]]:
    """Add the network to the current graph: its placeholder `tokens` and its tensor `probabilities`, by name."""
    tokens = tf1.placeholder(tf.int64, [None, net.LENGTH], name=net.SPEC.inputs[0].name)
    real = tf.not_equal(tokens, net.PADDING)
    words = tf.gather(embedding("word_embedding", net.VOCABULARY), tokens, name="words")
    x = words + embedding("place_embedding", net.LENGTH)
    for name in ("block1", "block2"):
        x = x + attend(layer_norm(x, f"{name}.attention_norm"), real, name)
        wider = tf.nn.relu(dense(layer_norm(x, f"{name}.dense_norm"), f"{name}.widen", net.WIDTH, net.WIDER))
        x = tf.add(x, dense(wider, f"{name}.narrow", net.WIDER, net.WIDTH), name=f"{name}_output")
    x = tf.identity(layer_norm(x, "norm"), name="normed")
    counted = tf.cast(real[:, :, None], tf.float32)
    mean = tf.reduce_sum(x * counted, axis=1) / tf.maximum(tf.reduce_sum(counted, axis=1), 1.0)
    probabilities = tf.nn.softmax(dense(mean, "classify", net.WIDTH, net.CLASSES), name=PROBABILITIES)
    return {tokens.op.name: tokens}, {PROBABILITIES: probabilities}


def attend(x: Any, real: Any, block: str) -> Any:
    """Each word's mixture (n, 64, 64) of all real words, by how well its query fits their keys."""
    query, key, value = (heads(dense(x, f"{block}.{part}", net.WIDTH, net.WIDTH)) for part in ("query", "key", "value"))
    scores = tf.matmul(query, key, transpose_b=True) * net.DEPTH**-0.5
    shares = tf.nn.softmax(tf.where(real[:, None, None, :], scores, net.MASKED))
    mixed = tf.transpose(tf.matmul(shares, value), [0, 2, 1, 3])
    return dense(tf.reshape(mixed, [-1, net.LENGTH, net.WIDTH]), f"{block}.mix", net.WIDTH, net.WIDTH)


def heads(x: Any) -> Any:
    """(n, words, 64) as (n, heads, words, 16)."""
    return tf.transpose(tf.reshape(x, [-1, net.LENGTH, net.HEADS, net.DEPTH]), [0, 2, 1, 3])


def embedding(name: str, rows: int) -> Any:
    """A table of vectors (rows, 64)."""
    return variable(name, "embeddings", [rows, net.WIDTH])


def layer_norm(x: Any, name: str) -> Any:
    """Each word's vector less its mean, over its standard deviation; then scaled and moved by what was learned."""
    gamma, beta = variable(name, "gamma", [net.WIDTH]), variable(name, "beta", [net.WIDTH])
    mean, variance = tf.nn.moments(x, axes=[-1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, net.EPSILON)

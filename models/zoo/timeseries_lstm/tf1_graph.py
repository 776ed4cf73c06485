"""The network as TensorFlow 1 writes it: operations added to a graph, to be run by a Session.

The LSTM is unrolled: each of the 48 steps has operations of its own, as `tf.nn.static_rnn` would add them.
"""

from typing import Any

import tensorflow as tf

from serveoff.models.zoo.tf1_layers import dense
from serveoff.models.zoo.timeseries_lstm import SCALE, SPEC, UNITS, YEARS

tf1 = tf.compat.v1

GATES = 4
LAYER_TENSORS = {"lstm": "last_state:0", "dense": "scaled_forecast:0"}
"""Where each layer's output is in the graph."""


def build() -> tuple[dict[str, Any], dict[str, Any]]:
    """Add the network to the current graph: its placeholder `years` and its tensor `forecast`, by name."""
    years = tf1.placeholder(tf.float32, [None, YEARS, 1], name=SPEC.inputs[0].name)
    state = tf.identity(lstm(years / SCALE), name="last_state")
    scaled = tf.identity(dense(state, "dense", UNITS, 1), name="scaled_forecast")
    forecast = tf.multiply(scaled, SCALE, name=SPEC.outputs[0].name)
    return {years.op.name: years}, {forecast.op.name: forecast}


def lstm(x: Any) -> Any:
    """The state (n, 64) after all steps of x (n, 48, 1).

    S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997), with the forget gate of
    F. Gers et al. (2000); the gates in Keras's order: input, forget, cell, output.
    """
    with tf1.variable_scope("lstm", use_resource=False):
        kernel = tf1.get_variable("kernel", [1, GATES * UNITS])
        recurrent_kernel = tf1.get_variable("recurrent_kernel", [UNITS, GATES * UNITS])
        bias = tf1.get_variable("bias", [GATES * UNITS])
    state = carry = tf.zeros([tf.shape(x)[0], UNITS])
    for step in tf.unstack(x, axis=1):
        gates = tf.nn.bias_add(tf.matmul(step, kernel) + tf.matmul(state, recurrent_kernel), bias)
        add, keep, new, show = tf.split(gates, GATES, axis=1)
        carry = tf.sigmoid(keep) * carry + tf.sigmoid(add) * tf.tanh(new)
        state = tf.sigmoid(show) * tf.tanh(carry)
    return state

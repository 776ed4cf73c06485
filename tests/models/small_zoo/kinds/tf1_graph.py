import tensorflow as tf

from serveoff.models.zoo.kinds import DTYPES, SPEC

tf1 = tf.compat.v1


def build():
    inputs = {tensor.name: tf1.placeholder(tensor.dtype, [None, 2, 3], tensor.name) for tensor in SPEC.inputs}
    outputs = {}
    for dtype in DTYPES:
        given, name = inputs[f"{dtype}_in"], f"{dtype}_out"
        outputs[name] = tf.logical_not(given, name=name) if dtype == "bool" else tf.add(given, given, name=name)
    return inputs, outputs

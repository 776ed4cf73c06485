"""Writes small models of every kind: `python -m tests.models.importing.make MAKER FOLDER`. One framework a process."""

import sys
from pathlib import Path

MAKERS = {}


def maker(function):
    MAKERS[function.__name__] = function
    return function


def keras_models():
    from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf

    import keras  # isort: skip

    keras.utils.set_random_seed(7)
    return tf, keras


@maker
def tensorflow(folder):
    """keras.keras, two_inputs.keras, fixed.keras, lambda.keras, saved/, frozen.pb: all of the same small network."""
    tf, keras = keras_models()
    pixels = keras.Input((4, 4, 1), name="pixels")
    x = keras.layers.Conv2D(3, 2, activation="relu", name="conv")(pixels)
    classes = keras.layers.Dense(5, activation="softmax", name="classes")(keras.layers.Flatten()(x))
    model = keras.Model(pixels, classes)
    model.save(folder / "keras.keras")
    tokens = keras.Input((6,), dtype="int64", name="tokens")
    weight = keras.Input((2,), name="a.weight")
    mean = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(20, 4)(tokens))
    both = keras.layers.Concatenate()([mean, weight])
    outputs = [keras.layers.Dense(3, name="first")(both), keras.layers.Dense(1, name="second")(both)]
    keras.Model([tokens, weight], outputs).save(folder / "two_inputs.keras")
    fixed = keras.Input(batch_shape=(1, 4), name="row")
    keras.Model(fixed, keras.layers.Dense(2)(keras.ops.reshape(fixed, (1, 4)))).save(folder / "fixed.keras")
    given = keras.Input((4,), name="row")
    keras.Model(given, keras.layers.Lambda(lambda x: x * 2)(given)).save(folder / "lambda.keras")
    model.export(folder / "saved", verbose=False)
    frozen_graph(tf, model, folder / "frozen.pb")


def frozen_graph(tf, model, file):
    """With names as TF1 has them: scopes, and an output that is no identifier."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    function = tf.function(lambda image: tf.identity(model(image), "scores/softmax"))
    concrete = function.get_concrete_function(tf.TensorSpec([None, 4, 4, 1], tf.float32, "net/image"))
    frozen = convert_variables_to_constants_v2(concrete)
    graph = frozen.graph.as_graph_def()
    file.write_bytes(graph.SerializeToString())


@maker
def pytorch(folder):
    """script.pt, tagger.pt, weights.pt, weights.safetensors, pickled.pt, of tiny_nets."""
    import torch
    from tiny_nets import nets

    module = nets.perceptron().eval()
    torch.jit.script(module).save(str(folder / "script.pt"))
    torch.jit.trace(module, torch.zeros(3, 6)).save(str(folder / "traced.pt"))
    rows = ({0: torch.export.Dim("rows")},)
    torch.export.save(torch.export.export(module, (torch.zeros(3, 6),), dynamic_shapes=rows), folder / "program.pt2")
    torch.manual_seed(11)
    other = nets.Perceptron()
    torch.save(other.state_dict(), folder / "weights.pt")
    torch.save(module, folder / "pickled.pt")


@maker
def safetensors(folder):
    import torch
    from safetensors.torch import save_file
    from tiny_nets import nets

    torch.manual_seed(11)
    save_file(nets.Perceptron().state_dict(), folder / "weights.safetensors")


@maker
def onnx(folder):
    """model.onnx, of tiny_nets' perceptron, written by hand: nothing but the onnx package is needed."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper, save

    random = np.random.default_rng(7)
    weights = {
        "w1": random.normal(size=(6, 8)), "b1": random.normal(size=8),
        "w2": random.normal(size=(8, 3)), "b2": random.normal(size=3),
    }  # fmt: skip
    nodes = [
        helper.make_node("Gemm", ["features.in", "w1", "b1"], ["h"]), helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "w2", "b2"], ["s"]), helper.make_node("Softmax", ["s"], ["classes"], axis=1),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes, "perceptron",
        [helper.make_tensor_value_info("features.in", TensorProto.FLOAT, ["n", 6])],
        [helper.make_tensor_value_info("classes", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )  # fmt: skip
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), folder / "model.onnx")


@maker
def mobilenet_v2(folder):
    _, keras = keras_models()
    telling(keras.applications.MobileNetV2(weights=None), "predictions").save(folder / "mobilenet_v2.keras")


@maker
def resnet50(folder):
    _, keras = keras_models()
    network = keras.applications.ResNet50(weights=None)
    for layer in network.layers:
        # Random blocks at full strength double any rounding, fifty layers on end; what is trained does not.
        if layer.name.endswith("_3_bn"):
            layer.gamma.assign(layer.gamma * RESIDUAL)
    telling(network, "predictions").save(folder / "resnet50.keras")


RESIDUAL = 0.2
"""Of each residual branch, as models/zoo/resnet50 has it."""
SPREAD = 2.0
"""Standard deviation of the scores before softmax, over classes and images."""


def telling(model, last):
    """The same network with the statistics of seeded images, and scores as wide apart as a trained one's.

    Untrained, it gives 1/1000 for each class whatever it sees, and every wrong conversion would agree.
    """
    import numpy as np

    images = np.random.default_rng(7).random((8, *model.input_shape[1:]), dtype=np.float32)
    norms = [layer for layer in model.layers if hasattr(layer, "moving_mean")]
    for layer in norms:
        layer.momentum, layer.was = 0.0, layer.momentum
    model(images, training=True)
    for layer in norms:
        layer.momentum = layer.was
    classes = model.get_layer(last)
    scores = np.log(np.asarray(model(images)))
    classes.kernel.assign(classes.kernel * SPREAD / scores.std())
    assert len(set(np.asarray(model(images)).argmax(axis=1))) > 1
    return model


@maker
def keras_encoder(folder):
    keras_models()
    from published.keras_encoder import text_encoder

    text_encoder().save(folder / "encoder.keras")


@maker
def torch_published(folder):
    import torch
    from published import encoder, resnet

    torch.manual_seed(7)
    torch.save(resnet.resnet18().state_dict(), folder / "resnet18.pt")
    torch.save(encoder.text_encoder().state_dict(), folder / "encoder.pt")


if __name__ == "__main__":
    MAKERS[sys.argv[1]](Path(sys.argv[2]))

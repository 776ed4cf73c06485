import numpy as np
import pytest

from serveoff.models.frameworks.keras_weights import set_weights
from serveoff.models.frameworks.tensorflow_setup import configure

keras = pytest.importorskip("keras")


@pytest.fixture(autouse=True, scope="module")
def threads():
    configure(1, "cpu")


class Block(keras.layers.Layer):
    def __init__(self, name):
        super().__init__(name=name)
        self.query = keras.layers.Dense(3, use_bias=False, name="query")

    def call(self, x):
        return self.query(x)


@pytest.fixture
def model():
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.DepthwiseConv2D(3, use_bias=False, name="depthwise"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Dropout(0.1),  # has a seed, which is no weight
            keras.layers.Reshape((16, 2)),
            keras.layers.LSTM(5, name="lstm"),
            Block("first"),
            Block("second"),
        ]
    )


@pytest.fixture
def weights():
    shapes = {
        "depthwise/depthwise_kernel": (3, 3, 2, 1),
        "norm/gamma": (2,),
        "norm/beta": (2,),
        "norm/moving_mean": (2,),
        "norm/moving_variance": (2,),
        "lstm/kernel": (2, 20),
        "lstm/recurrent_kernel": (5, 20),
        "lstm/bias": (20,),
        "first/query/kernel": (5, 3),
        "second/query/kernel": (3, 3),
    }
    return {name: np.full(shape, index, np.float32) for index, (name, shape) in enumerate(shapes.items())}


def test_every_variable_gets_the_weight_of_its_own_name(model, weights):
    set_weights(model, weights)
    assert [float(weight.numpy().flat[0]) for weight in model.weights] == [*range(10)]


def test_a_name_that_two_layers_have_is_refused(model, weights):
    weights["query/kernel"] = weights.pop("first/query/kernel")
    with pytest.raises(ValueError, match="has 2 variables query/kernel, not one"):
        set_weights(model, weights)


def test_a_weight_without_a_variable_and_a_variable_without_a_weight_are_named(model, weights):
    with pytest.raises(ValueError, match="has 0 variables other/kernel"):
        set_weights(model, {"other/kernel": np.zeros(1, np.float32)})
    del weights["norm/beta"]
    with pytest.raises(ValueError, match=r"that no weight is for: .*norm/beta"):
        set_weights(model, weights)

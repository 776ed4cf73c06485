"""What is true of a framework by construction, shown in a second: the checks behind the article's claims C3, C4, C5.

Each is True where the framework does what the claim says. A floor makes those of its format beside its gate.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from serveoff.models.agreement import TOLERANCE

ROW = np.array([[0.5, -1.0, 2.0]], np.float32)
KERNELS = np.array([[1, 0, -1], [2, 1, 0], [0, -2, 1]], np.float32), np.array([[1, 2], [0, 1], [-1, 1]], np.float32)


def tf1_tensor_has_no_value_until_a_session_runs_it() -> bool:
    """A symbolic tensor has no value, also none without its placeholder; a Session that is fed gives it one."""
    from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        row = tf.compat.v1.placeholder(tf.float32, ROW.shape)
        doubled = row + row
        valueless = _refuses(AttributeError, lambda: doubled.numpy()) and _refuses(TypeError, lambda: list(doubled))
        unfed = _refuses(tf.errors.InvalidArgumentError, lambda: session.run(doubled))
        return valueless and unfed and bool(np.array_equal(session.run(doubled, {row: ROW}), ROW + ROW))


def tf1_variable_has_no_value_without_a_session() -> bool:
    """A variable has no value before a Session has run its initializer."""
    from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variable = tf.compat.v1.get_variable("kernel", initializer=ROW, use_resource=False)
        unset = _refuses(tf.errors.FailedPreconditionError, lambda: session.run(variable))
        session.run(tf.compat.v1.global_variables_initializer())
        return unset and bool(np.array_equal(session.run(variable), ROW))


def tf2_is_eager_by_default() -> bool:
    """A model's Python code runs at every call, and what it gives has a value."""
    network, ran = _observed()
    values = [network(ROW).numpy() for _ in range(2)]
    return ran == [True, True] and bool(np.array_equal(*values))


def tf2_makes_a_graph_with_one_line() -> bool:
    """After `tf.function` the Python code runs once, while the graph is traced; outputs stay what they were."""
    from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf

    network, ran = _observed()
    eager = network(ROW).numpy()
    graph = tf.function(network)
    values = [graph(ROW).numpy() for _ in range(2)]
    return ran == [True, False] and all(np.allclose(value, eager, rtol=0, atol=TOLERANCE) for value in values)


def a_keras_subclass_computes_what_numpy_does() -> bool:
    """Layers in `__init__`, the forward pass in `call`."""
    import keras

    class Network(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.out = (keras.layers.Dense(kernel.shape[1], use_bias=False) for kernel in KERNELS)

        def call(self, row: Any) -> Any:
            return self.out(keras.ops.relu(self.hidden(row)))

    network = Network()
    network(ROW)
    for layer, kernel in zip((network.hidden, network.out), KERNELS, strict=True):
        layer.set_weights([kernel])
    return _as_numpy(network(ROW).numpy())


def a_torch_subclass_computes_what_numpy_does() -> bool:
    """Layers in `__init__`, the forward pass in `forward`."""
    import torch

    class Network(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.out = (torch.nn.Linear(*kernel.shape, bias=False) for kernel in KERNELS)

        def forward(self, row: torch.Tensor) -> torch.Tensor:
            return self.out(torch.relu(self.hidden(row)))

    network = Network()
    with torch.no_grad():
        for layer, kernel in zip((network.hidden, network.out), KERNELS, strict=True):
            layer.weight.copy_(torch.from_numpy(kernel.T))
        return _as_numpy(network(torch.from_numpy(ROW)).numpy())


CHECKS: dict[str, tuple[Callable[[], bool], ...]] = {
    "frozen_graph": (tf1_tensor_has_no_value_until_a_session_runs_it, tf1_variable_has_no_value_without_a_session),
    "keras_eager": (tf2_is_eager_by_default, a_keras_subclass_computes_what_numpy_does),
    "savedmodel": (tf2_makes_a_graph_with_one_line,),
    "torch_eager": (a_torch_subclass_computes_what_numpy_does,),
}
"""By format: each needs the framework that its floor has loaded."""


def check(format: str) -> dict[str, bool]:
    """Each check of a format by its function's name; none where there is nothing to check."""
    return {made.__name__: made() for made in CHECKS.get(format, ())}


def _observed() -> tuple[Any, list[bool]]:
    """A TensorFlow module, and whether each run of its Python code was eager."""
    from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf

    ran: list[bool] = []

    class Network(tf.Module):  # type: ignore[misc]
        def __call__(self, row: Any) -> Any:
            ran.append(tf.executing_eagerly())
            return tf.nn.relu(row @ KERNELS[0]) @ KERNELS[1]

    return Network(), ran


def _as_numpy(output: np.ndarray[Any, Any]) -> bool:
    hidden, out = KERNELS
    return bool(np.allclose(output, np.maximum(ROW @ hidden, 0) @ out, rtol=0, atol=TOLERANCE))


def _refuses(error: type[Exception], ask: Callable[[], object]) -> bool:
    try:
        ask()
    except error:
        return True
    return False

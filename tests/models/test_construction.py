"""The checks that floors make of their frameworks, and that each can fail."""

import keras
import pytest
import torch

from serveoff.models import construction
from serveoff.models.frameworks.tensorflow_setup import configure
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf


@pytest.fixture(autouse=True, scope="module")
def threads():
    configure(1, "cpu")


@pytest.mark.parametrize("format", construction.CHECKS)
def test_every_check_holds(format):
    made = construction.check(format)
    assert made
    assert all(made.values()), made


def test_a_format_without_checks_makes_none():
    assert construction.check("torchscript") == {}
    assert construction.check("") == {}


def test_a_function_that_makes_no_graph_fails_its_check(monkeypatch):
    monkeypatch.setattr(tf, "function", lambda network: network)
    assert construction.check("savedmodel") == {"tf2_makes_a_graph_with_one_line": False}


def test_layers_that_compute_something_else_fail_their_check(monkeypatch):
    monkeypatch.setattr(keras.layers.Dense, "call", lambda self, inputs, training=None: inputs @ self.kernel * 2)
    monkeypatch.setattr(torch.nn.Linear, "forward", lambda self, inputs: inputs @ self.weight.T * 2)
    assert construction.check("keras_eager")["a_keras_subclass_computes_what_numpy_does"] is False
    assert construction.check("torch_eager") == {"a_torch_subclass_computes_what_numpy_does": False}

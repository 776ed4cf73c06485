"""Imported networks: what is in an artifact's folder says how they are built, and nothing of models/zoo is needed."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from serveoff.models.formats import keras_eager, torch_eager, torchscript
from serveoff.models.frameworks.tensorflow_setup import configure
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import ModelSpec, TensorSpec

torch = pytest.importorskip("torch")
keras = pytest.importorskip("keras")

PRICE = TensorSpec(name="price", shape=(-1, 2), dtype="float32")
COUNT = TensorSpec(name="count", shape=(-1, 2), dtype="int64")
COST = TensorSpec(name="cost", shape=(-1, 2), dtype="float32")
TOTAL = TensorSpec(name="total", shape=(-1, 2), dtype="int64")
SPEC = ModelSpec(name="shop", description="", inputs=(PRICE, COUNT), outputs=(COST, TOTAL))
BATCH = {"price": np.float32([[2, 3], [4, 5]]), "count": np.array([[1, 2], [3, 4]])}


class Shop(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rate = torch.nn.Parameter(torch.ones(2))
        self.dropout = torch.nn.Dropout(0.9)

    def forward(self, price: torch.Tensor, count: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"total": count + 1, "cost": self.dropout(price * count * self.rate)}


@pytest.fixture(autouse=True, scope="module")
def threads():
    configure(1, "cpu")


def check(loaded):
    answers = loaded.predict(BATCH)
    np.testing.assert_array_equal(answers["cost"], [[20, 60], [120, 200]])
    np.testing.assert_array_equal(answers["total"], [[2, 3], [4, 5]])
    assert list(answers) == ["cost", "total"]
    assert [array.dtype.name for array in answers.values()] == ["float32", "int64"]
    assert loaded.layers == {}


@pytest.fixture
def factory(monkeypatch):
    """A package of the user's with a factory, and things that are none."""
    package = SimpleNamespace(shop=Shop, number=7, nothing=lambda: None)
    monkeypatch.setitem(sys.modules, "users_package", package)

    def write(folder, name="users_package:shop"):
        (folder / "module.json").write_text(json.dumps({"factory": name}))

    return write


def state():
    return {"rate": torch.tensor([10.0, 10.0])}


def test_a_factory_and_a_state_dict(tmp_path, factory):
    factory(tmp_path)
    torch.save(state(), tmp_path / "model.pt")
    loaded = torch_eager.load(tmp_path, SPEC)
    check(loaded)
    assert "imported" in loaded.no_layers


def test_a_package_that_is_missing_is_named(tmp_path, monkeypatch):
    (tmp_path / "model.onnx").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "onnx2torch", None)
    with pytest.raises(ArtifactError, match="pip install onnx2torch"):
        torch_eager.load(tmp_path, SPEC)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("no_such_package:shop", "cannot be imported .*no_such_package"),
        ("users_package:other", "cannot be imported .*other"),
        ("users_package", "cannot be imported"),
        ("users_package:number", "is a int, which cannot be called"),
        ("users_package:nothing", "makes a NoneType, not a torch.nn.Module"),
    ],
)
def test_a_factory_that_makes_no_module_is_named(tmp_path, factory, name, problem):
    factory(tmp_path, name)
    with pytest.raises(ArtifactError, match=problem):
        torch_eager.load(tmp_path, SPEC)


class Boom:
    def __reduce__(self):
        return print, ("run while unpickling",)


def test_nothing_but_tensors_is_unpickled(tmp_path, factory, capsys):
    factory(tmp_path)
    torch.save({"rate": Boom()}, tmp_path / "model.pt")
    with pytest.raises(ArtifactError, match="no state_dict of tensors alone"):
        torch_eager.load(tmp_path, SPEC)
    assert capsys.readouterr().out == ""


def test_a_torchscript_file_as_it_is_even_one_that_was_saved_while_training(tmp_path):
    module = Shop()
    module.load_state_dict(state())
    torch.jit.script(module.train()).save(tmp_path / "model.pt")
    check(torchscript.load(tmp_path, SPEC))


def functional(arrange):
    """A Keras model with inputs of its own names, in whatever arrangement."""
    price, count = keras.Input((2,), name="p"), keras.Input((2,), dtype="int64", name="c")
    cost = keras.ops.multiply(price, keras.ops.cast(count, "float32")) * 10.0
    return keras.Model(arrange(price, count), [cost, count + 1])


@pytest.mark.parametrize(
    "arrange",
    [
        lambda price, count: [price, count],
        lambda price, count: [count, price],
        lambda price, count: {"p": price, "c": count},
        lambda price, count: {"p": price, "more": [count]},
    ],
    ids=["list", "another order", "dict", "nested"],
)
def test_a_keras_file_whose_inputs_are_called_otherwise(tmp_path, arrange):
    functional(arrange).save(tmp_path / "model.keras")
    (tmp_path / "inputs.json").write_text(json.dumps({"price": "p", "count": "c"}))
    loaded = keras_eager.load(tmp_path, SPEC)
    check(loaded)
    np.testing.assert_array_equal(loaded.calls[keras_eager.PREDICT](BATCH)["cost"], [[20, 60], [120, 200]])
    assert "imported" in loaded.no_layers


def test_a_keras_file_whose_inputs_are_not_the_specs_is_refused(tmp_path):
    functional(lambda price, count: [price, count]).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="inputs are p, c, not price, count"):
        keras_eager.load(tmp_path, SPEC)


def test_a_keras_file_of_one_input_needs_no_names(tmp_path):
    keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(2.0)]).save(tmp_path / "model.keras")
    spec = ModelSpec(name="one", description="", inputs=(PRICE,), outputs=(COST,))
    answers = keras_eager.load(tmp_path, spec).predict({"price": BATCH["price"]})
    np.testing.assert_array_equal(answers["cost"], 2 * BATCH["price"])


def test_code_in_a_keras_file_is_not_run(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x)])
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"[Ll]ambda"):
        keras_eager.load(tmp_path, ModelSpec(name="one", description="", inputs=(PRICE,), outputs=(COST,)))


def test_without_such_a_file_the_network_is_the_zoos(tmp_path):
    (tmp_path / "model.weights.h5").write_bytes(b"")
    with pytest.raises(ArtifactError, match="there is no model 'shop'"):
        keras_eager.load(tmp_path, SPEC)

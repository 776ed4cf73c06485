"""Models of a few numbers for payloads to carry, and hypothesis' ways to make them up."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.models.zoo import load_spec

DIGITS = load_spec("digits_cnn")
DTYPES = ("float32", "float64", "int32", "int64", "uint8", "bool")
ROWS = ((), (3,), (2, 2, 1))


def tensor(name, dtype="float32", *row):
    return TensorSpec(name=name, shape=(-1, *row), dtype=dtype)


def model(*inputs, outputs=None):
    """A model called `m`; without other outputs, what it takes is what it gives."""
    return ModelSpec(name="m", description="for tests", inputs=inputs, outputs=outputs or inputs)


FLAT = model(tensor("x", "float32", 2))
TOKENS = model(tensor("tokens", "int64", 4), outputs=(tensor("scores", "float32", 2),))
PIXELS = model(tensor("image", "uint8", 2, 2, 3), outputs=(tensor("scores", "float32", 2),))
TWO = model(
    *(tensor("image", "uint8", 2, 2, 1), tensor("age", "int64")),
    outputs=(tensor("scores", "float32", 3), tensor("known", "bool")),
)
BATCHES = {
    "tokens": (TOKENS, {"tokens": np.array([[1, 2, 3, 2**40], [0, 0, 0, -1]], np.int64)}),
    "pixels": (PIXELS, {"image": np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3) * 20}),
    "two": (TWO, {"image": np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1), "age": np.array([7, 2**33], np.int64)}),
}


@st.composite
def echoes(draw):
    """A model of one to three tensors that gives what it takes, and a batch of it."""
    count = draw(st.integers(1, 3))
    tensors = [tensor(f"t{n}", draw(st.sampled_from(DTYPES)), *draw(st.sampled_from(ROWS))) for n in range(count)]
    rows = draw(st.integers(1, 3))
    return model(*tensors), {t.name: draw(_values(t, rows)) for t in tensors}


def _values(tensor, rows):
    floats = {"allow_nan": False, "allow_infinity": False}
    return arrays(tensor.dtype, (rows, *tensor.row_shape), elements=floats if "float" in tensor.dtype else None)


def assert_same(found, batch):
    """The same names, dtypes, shapes and values."""
    assert set(found) == set(batch)
    for name, array in batch.items():
        assert found[name].dtype == array.dtype, name
        np.testing.assert_array_equal(found[name], array, strict=True)

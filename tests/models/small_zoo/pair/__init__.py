"""Two inputs and two outputs, of floats and of integers: values and a word's number to classes and the best one."""

from serveoff.models.spec import ModelSpec, TensorSpec

SPEC = ModelSpec(
    name="pair",
    description="Values and a word to classes: for tests",
    inputs=(
        TensorSpec(name="values", shape=(-1, 4), dtype="float32"),
        TensorSpec(name="word", shape=(-1,), dtype="int64"),
    ),
    outputs=(
        TensorSpec(name="classes", shape=(-1, 3), dtype="float32"),
        TensorSpec(name="best", shape=(-1,), dtype="int64"),
    ),
)
LAYERS = ("hidden",)
WORDS, SIZE, CLASSES = 7, 4, 3

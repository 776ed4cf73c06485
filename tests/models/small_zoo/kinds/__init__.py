"""An input and an output of each dtype; no weights, and no layers."""

from serveoff.models.spec import ModelSpec, TensorSpec

DTYPES = ("float32", "float64", "int32", "int64", "uint8", "bool")
SPEC = ModelSpec(
    name="kinds",
    description="Every number is doubled, every truth denied: for tests",
    inputs=tuple(TensorSpec(name=f"{dtype}_in", shape=(-1, 2, 3), dtype=dtype) for dtype in DTYPES),
    outputs=tuple(TensorSpec(name=f"{dtype}_out", shape=(-1, 2, 3), dtype=dtype) for dtype in DTYPES),
)

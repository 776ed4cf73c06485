"""TensorFlow Serving's REST v1, a row of `instances` to a row of `predictions`; many servers speak it.

Source: https://www.tensorflow.org/tfx/serving/api_rest
"""

from serveoff.loadtests.attached import paths, rows
from serveoff.loadtests.attached.reading import at, document, reading
from serveoff.loadtests.payloads.json_rows import dumps
from serveoff.models.tensors import Batch

protocol = "rest"
kind = "json"
method = ""
PREDICT = ":predict"
model = paths.model_in


def path(path: str) -> str:
    """`/v1/models/NAME:predict`; a path that names another of the model's methods stays."""
    return path if ":" in path.partition("?")[0].rpartition("/")[2] else paths.ending(path, PREDICT)


def encode(model: str, inputs: Batch, template: str = "") -> bytes:
    """The row itself of a model with one input, an object of several by name."""
    row = rows.one_row(inputs)
    return dumps({"instances": [next(iter(row.values())) if len(row) == 1 else row]})


def read(answer: bytes, path: str = "") -> Batch:
    """The `predictions`."""
    found = document(answer)
    if path:
        return reading(at(path, found))
    if not isinstance(found, dict) or "predictions" not in found:
        raise ValueError(f"no predictions in {answer[:80]!r}")
    return reading(found["predictions"])

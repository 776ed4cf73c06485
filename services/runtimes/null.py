"""No model at all: zeros of the right shapes and dtypes, to measure what the server itself costs."""

from serveoff.models.formats import Predict
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch, rows_of, zeros

FORMAT = "null"


def load(spec: ModelSpec) -> Predict:
    """A function that reads its input's batch size and nothing else."""
    outputs = spec.outputs

    def predict(batch: Batch) -> Batch:
        return zeros(outputs, rows_of(batch))

    return predict

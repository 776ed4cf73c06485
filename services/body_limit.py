"""How large a request or an answer may be: by the model, since a picture of 1024x1024x3 numbers has 60 MB as JSON."""

import math
from pathlib import Path

from serveoff.models.manifest import ArtifactError, read_manifest
from serveoff.models.spec import ModelSpec

LEAST_BYTES = 8 << 20
"""What every model may be sent."""
MOST_BYTES = 512 << 20
"""What no server takes more of, whatever its model is."""
BYTES_A_NUMBER = 32
"""At most, as text: the digits of a float64, its sign and exponent, a comma, and brackets of its own."""


def of_spec(spec: ModelSpec) -> int:
    """Bytes that hold any row of the model, or its answer, in every encoding."""
    numbers = max(sum(math.prod(tensor.row_shape) for tensor in tensors) for tensors in (spec.inputs, spec.outputs))
    return min(max(LEAST_BYTES, BYTES_A_NUMBER * numbers), MOST_BYTES)


def of_model(folder: Path) -> int:
    """The same of a model's folder; the least where that holds no model."""
    try:
        return of_spec(read_manifest(folder).spec)
    except ArtifactError:
        return LEAST_BYTES

"""TF Serving's REST v1 in row format: `{"instances": [...]}` to `{"predictions": [...]}`.

The same bytes go to every REST server. Source: https://www.tensorflow.org/tfx/serving/api_rest
"""

from __future__ import annotations

import numpy as np
import orjson

from loadtests.payloads import Batch

kind = "json"
method = ""


def headers(batch: Batch) -> dict[str, str]:
    """Of the request."""
    return {"Content-Type": "application/json"}


def encode(model: str, batch: Batch) -> bytes:
    """Floats are written with the fewest digits that read back as the same float32."""
    rows = np.ascontiguousarray(batch, dtype=np.float32)
    return orjson.dumps({"instances": rows}, option=orjson.OPT_SERIALIZE_NUMPY)


def decode(answer: bytes, rows: int = 1) -> Batch:
    """The rows of `predictions`; ValueError names what is wrong with the body."""
    data = orjson.loads(answer)
    if not isinstance(data, dict) or "predictions" not in data:
        raise ValueError(f"no predictions in {answer[:80]!r}")
    try:
        return np.asarray(data["predictions"], dtype=np.float32)
    except TypeError as error:
        raise ValueError(f"predictions are not numbers: {error}") from None

"""TF Serving's `PredictionService/Predict` with each row as one string of its float32 bytes.

Beside `grpc_tfserving` it shows what it costs that a graph decodes bytes, which is how clients send what they have as
bytes anyway. The signature is `models.spec.BYTES_SIGNATURE`.
"""

from __future__ import annotations

import numpy as np

from loadtests.payloads import Batch, grpc_tfserving
from models.spec import BYTES_SIGNATURE
from models.zoo import load_spec

kind = "bytes"
method = grpc_tfserving.method
decode = grpc_tfserving.decode

DT_STRING = 7


def encode(model: str, batch: Batch) -> bytes:
    """A serialised PredictRequest of one string a row."""
    request = grpc_tfserving.new_request(model, BYTES_SIGNATURE)
    tensor = request.inputs[load_spec(model).inputs[0].bytes_name]
    tensor.dtype = DT_STRING
    tensor.tensor_shape.dim.add(size=len(batch))
    tensor.string_val.extend(row.tobytes() for row in np.ascontiguousarray(batch, dtype="<f4"))
    data: bytes = request.SerializeToString(deterministic=True)
    return data

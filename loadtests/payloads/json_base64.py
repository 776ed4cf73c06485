"""Base64 in JSON: each row is one string of its float32 bytes, as TF Serving's REST API writes bytes.

The same bytes go to every REST server. TensorFlow Serving reads base64 into string tensors only, so the request names
the signature whose graph decodes them (`models.spec.BYTES_SIGNATURE`); our own servers take the name, too.
Source: https://www.tensorflow.org/tfx/serving/api_rest#encoding_binary_values
"""

from __future__ import annotations

from base64 import b64encode

import numpy as np
import orjson

from loadtests.payloads import Batch, json_rows
from models.spec import BYTES_SIGNATURE

kind = "base64"
method = ""
headers, decode = json_rows.headers, json_rows.decode


def encode(model: str, batch: Batch) -> bytes:
    """A third more bytes than the numbers have in memory, and none of them is read as a number."""
    rows = np.ascontiguousarray(batch, dtype="<f4")
    instances = [{"b64": b64encode(row.tobytes()).decode()} for row in rows]
    return orjson.dumps({"signature_name": BYTES_SIGNATURE, "instances": instances})

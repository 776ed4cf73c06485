"""Base64 in JSON: each row is one string of its little-endian bytes, as TF Serving's REST API writes bytes.

The same bytes go to every REST server. TensorFlow Serving reads base64 into string tensors only, so the request names
the signature whose graph decodes them (`serveoff.models.spec.BYTES_SIGNATURE`); our own servers take the name, too.
Source: https://www.tensorflow.org/tfx/serving/api_rest#encoding_binary_values
"""

from base64 import b64encode
from typing import Any

import orjson

from serveoff.loadtests.payloads import json_rows
from serveoff.loadtests.payloads.arrays import little_endian
from serveoff.models.spec import BYTES_SIGNATURE, ModelSpec, TensorSpec
from serveoff.models.tensors import Array, Batch, rows_of

kind = "base64"
method = ""
headers, decode = json_rows.headers, json_rows.decode


def encode(spec: ModelSpec, batch: Batch) -> bytes:
    """A third more bytes than the numbers have in memory, and none of them is read as a number."""
    columns = {tensor.bytes_name: _strings(batch[tensor.name], tensor) for tensor in spec.inputs}
    if len(columns) == 1:
        (instances,) = columns.values()
    else:
        instances = [{name: rows[row] for name, rows in columns.items()} for row in range(rows_of(batch))]
    return orjson.dumps({"signature_name": BYTES_SIGNATURE, "instances": instances})


def _strings(array: Array, tensor: TensorSpec) -> list[dict[str, Any]]:
    return [{"b64": b64encode(row.tobytes()).decode()} for row in little_endian(array, tensor)]

"""TF Serving's `PredictionService/Predict` with each row of each input as one string of its little-endian bytes.

Beside `grpc_tfserving` it shows what it costs that a graph decodes bytes, which is how clients send what they have as
bytes anyway. The signature is `serveoff.models.spec.BYTES_SIGNATURE`.
"""

from serveoff.loadtests.payloads import grpc_tfserving
from serveoff.loadtests.payloads.arrays import little_endian
from serveoff.models.spec import BYTES_SIGNATURE, ModelSpec
from serveoff.models.tensors import Batch

kind = "bytes"
method = grpc_tfserving.method
decode = grpc_tfserving.decode


def encode(spec: ModelSpec, batch: Batch) -> bytes:
    """A serialised PredictRequest of one string a row, for each input."""
    rows = {tensor.bytes_name: little_endian(batch[tensor.name], tensor) for tensor in spec.inputs}
    strings = {name: [row.tobytes() for row in array] for name, array in rows.items()}
    return grpc_tfserving.of_strings(spec.name, BYTES_SIGNATURE, strings)

"""TorchServe's `InferenceAPIsService/Predictions` with the JSON that REST carries, as bytes under `data`.

That is the key of TorchServe's own example client, ts_scripts/torchserve_grpc_client.py.
"""

from serveoff.loadtests.payloads import grpc_torchserve, json_rows
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch

kind = "grpc_json"
method = grpc_torchserve.method
decode = grpc_torchserve.decode


def encode(spec: ModelSpec, batch: Batch) -> bytes:
    """A serialised PredictionsRequest whose `data` is the body that `json_rows` makes."""
    return grpc_torchserve.pack(spec.name, {"data": json_rows.encode(spec, batch)})

"""What `GET /v1/models/<model>/metadata` answers: the signatures, as TensorFlow Serving writes them."""

from collections.abc import Sequence
from typing import Any

from serveoff.models.spec import BYTES_SIGNATURE, IMAGE_SIGNATURE, ModelSpec, TensorSpec
from serveoff.services.predict_v1 import SIGNATURE

PREDICT_METHOD = "tensorflow/serving/predict"
_OTHER_NAMES = {"FLOAT32": "FLOAT", "FLOAT64": "DOUBLE", "FLOAT16": "HALF"}
"""Where protobuf's DataType does not have NumPy's name:
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/types.proto"""


def metadata(spec: ModelSpec, model: str, version: int) -> dict[str, Any]:
    """The document; `model` is the name in the URL."""
    as_bytes = [TensorSpec(name=tensor.bytes_name, shape=(-1,), dtype="string") for tensor in spec.inputs]
    inputs: dict[str, Sequence[TensorSpec]] = {SIGNATURE: spec.inputs, BYTES_SIGNATURE: as_bytes}
    if spec.image is not None:
        inputs[IMAGE_SIGNATURE] = [TensorSpec(name=spec.image.encoded_name, shape=(-1,), dtype="string")]
    signatures = {name: _signature(taken, spec.outputs) for name, taken in inputs.items()}
    return {
        "model_spec": {"name": model, "signature_name": "", "version": str(version)},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


def _signature(inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> dict[str, Any]:
    tensors = {"inputs": inputs, "outputs": outputs}
    infos = {kind: {tensor.name: _tensor_info(tensor) for tensor in of} for kind, of in tensors.items()}
    return infos | {"method_name": PREDICT_METHOD}


def _tensor_info(tensor: TensorSpec) -> dict[str, Any]:
    """A TensorInfo; int64 is a string in protobuf's JSON."""
    dtype = tensor.dtype.upper()
    dims = [{"size": str(size), "name": ""} for size in tensor.shape]
    return {
        "dtype": f"DT_{_OTHER_NAMES.get(dtype, dtype)}",
        "tensor_shape": {"dim": dims},
        "name": f"{tensor.name}:0",
    }

"""The Open Inference Protocol's `GRPCInferenceService/ModelInfer`. Inputs are raw contents, as Triton's clients do it.

Field numbers: https://github.com/kserve/open-inference-protocol, specification/protocol/open_inference_grpc.proto
"""

from typing import Any

from serveoff.loadtests.attached import paths
from serveoff.loadtests.attached.reading import outputs_at
from serveoff.loadtests.attached.v2_tensors import datatype_of, from_raw, shaped, to_raw
from serveoff.models.protobuf_messages import build, parsed
from serveoff.models.tensors import Array, Batch

protocol = "grpc"
kind = "tensor"
method = "/inference.GRPCInferenceService/ModelInfer"
path = paths.always(method)
model = paths.versioned_model_in

_CONTENTS = {
    "bool_contents": (1, "bool*"),
    "int_contents": (2, "int32*"),
    "int64_contents": (3, "int64*"),
    "uint_contents": (4, "uint32*"),
    "uint64_contents": (5, "uint64*"),
    "fp32_contents": (6, "float*"),
    "fp64_contents": (7, "double*"),
    "bytes_contents": (8, "bytes*"),
}
_TENSOR = {"name": (1, "string"), "datatype": (2, "string"), "shape": (3, "int64*")}
_MESSAGES = build(
    "serveoff.open_inference",
    {
        "InferTensorContents": _CONTENTS,
        "InferInputTensor": _TENSOR,
        "InferOutputTensor": _TENSOR | {"contents": (5, "InferTensorContents")},
        "ModelInferRequest": {
            "model_name": (1, "string"),
            "model_version": (2, "string"),
            "inputs": (5, "InferInputTensor*"),
            "raw_input_contents": (7, "bytes*"),
        },
        "ModelInferResponse": {"outputs": (5, "InferOutputTensor*"), "raw_output_contents": (6, "bytes*")},
    },
)


def encode(model: str, inputs: Batch, template: str = "") -> bytes:
    """A serialised ModelInferRequest; ValueError for a label, which this protocol has not."""
    request: Any = _MESSAGES["ModelInferRequest"]()
    request.model_name, request.model_version = paths.name_and_version(model)
    for name, array in inputs.items():
        request.inputs.add(name=name, datatype=datatype_of(name, array), shape=array.shape)
        request.raw_input_contents.append(to_raw(array))
    data: bytes = request.SerializeToString(deterministic=True)
    return data


def read(answer: bytes, path: str = "") -> Batch:
    """All outputs of a ModelInferResponse; a path names one of them."""
    response = parsed(_MESSAGES["ModelInferResponse"], answer)
    if not response.outputs:
        raise ValueError("the answer has no outputs")
    raw = list(response.raw_output_contents)
    if raw and len(raw) != len(response.outputs):
        raise ValueError(f"the answer has raw contents of {len(raw)} outputs, and {len(response.outputs)} outputs")
    outputs = {found.name: _array(found, raw[place] if raw else None) for place, found in enumerate(response.outputs)}
    return outputs_at(path, outputs)


def _array(found: Any, raw: bytes | None) -> Array:
    if raw is not None:
        return from_raw(found.name, found.datatype, found.shape, raw)
    listed = next((values for name in _CONTENTS if (values := list(getattr(found.contents, name)))), [])
    return shaped(found.name, listed, found.datatype, found.shape)

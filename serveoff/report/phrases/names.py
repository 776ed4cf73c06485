"""What things are called in the report, and which colour family they belong to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from serveoff.loadtests.loads import Load
from serveoff.record.attached import ATTACHED
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.roles import STAND_IN_SERVER

SERVERS: Final = {
    "tfserving": "TensorFlow Serving",
    "tfserving-embedded": "embedded model server (stand-in)",
    "torchserve": "TorchServe",
    "flask": "Flask",
    "flask-tuned": "tuned Flask",
    "inprocess": "in process (floor)",
    ATTACHED: "attached endpoints",
}
SHORT_SERVERS: Final = SERVERS | {"tfserving-embedded": "embedded stand-in", "inprocess": "in process"}
NARROW_SERVERS: Final = SHORT_SERVERS | {"tfserving": "TF Serving"}
"""For the table of a terminal of 80 columns."""
FAMILIES: Final = {
    "tfserving": "tensorflow",
    "tfserving-embedded": "tensorflow",
    "torchserve": "torchserve",
    "flask": "flask",
    "flask-tuned": "flask",
    "inprocess": "floor",
}
ATTACHED_FAMILIES: Final = ("floor", "tensorflow", "torchserve", "flask", "null", "other")
"""Of attached endpoints, as they were given: the first, which the others are held against, is grey."""
FORMATS: Final = {
    "savedmodel": "SavedModel",
    "frozen_graph": "frozen graph",
    "torchscript": "TorchScript",
    "keras_eager": "eager Keras",
    "torch_eager": "eager PyTorch",
    "onnx": "ONNX",
    "torch_export": "torch.export",
    "null": "null service",
}
"""Within a sentence."""
PROTOCOLS: Final = {"rest": "REST", "grpc": "gRPC", "call": "call"}
PAYLOADS: Final = {
    "json": "JSON list",
    "base64": "base64 in JSON",
    "raw": "raw bytes",
    "jpeg": "JPEG in base64",
    "png": "PNG in base64",
    "jpeg_file": "JPEG file",
    "png_file": "PNG file",
    "tensor": "gRPC tensor",
    "bytes": "gRPC raw bytes",
    "grpc_json": "JSON list over gRPC",
    "grpc_jpeg": "JPEG file over gRPC",
    "grpc_png": "PNG file over gRPC",
    "array": "array",
}
"""By what a request carries (serveoff.loadtests.payloads, `kind`); `array` is in process, where nothing is encoded."""
DIALECTS: Final = {
    "tfserving": "TensorFlow Serving's REST API (v1)",
    "torchserve": "TorchServe's REST API",
    "open_inference": "Open Inference Protocol (v2) over REST",
    "grpc_tfserving": "TensorFlow Serving's gRPC API",
    "grpc_torchserve": "TorchServe's gRPC API",
    "grpc_open_inference": "Open Inference Protocol (v2) over gRPC",
    "json": "JSON from a template",
}
"""The APIs that attached endpoints speak, by their modules in serveoff.loadtests.attached.dialects."""
ENCODINGS: Final = {
    "json_base64": PAYLOADS["base64"],
    "raw_tensor": PAYLOADS["raw"],
    "json_jpeg": PAYLOADS["jpeg"],
    "json_png": PAYLOADS["png"],
    "image_jpeg": PAYLOADS["jpeg_file"],
    "image_png": PAYLOADS["png_file"],
    "grpc_tfserving_bytes": PAYLOADS["bytes"],
    "grpc_torchserve_json": PAYLOADS["grpc_json"],
    "grpc_tfserving_jpeg": PAYLOADS["grpc_jpeg"],
    "grpc_tfserving_png": PAYLOADS["grpc_png"],
    "grpc_torchserve_jpeg": PAYLOADS["grpc_jpeg"],
    "grpc_torchserve_png": PAYLOADS["grpc_png"],
    "keras_predict": "model.predict",
    "as_served": "as Flask calls it",
}
"""By the name of the encoding's module, as a load has it."""


def family(result: EndpointResult) -> str:
    """The colour family of an endpoint: by server; the null service and each attached endpoint have their own."""
    if result.server == ATTACHED:
        return ATTACHED_FAMILIES[result.place % len(ATTACHED_FAMILIES)]
    return "null" if result.format == "null" else FAMILIES.get(result.server, "other")


def server(result: EndpointResult) -> str:
    """What serves it, in full: a stand-in says that it is one, and an attached endpoint where it is."""
    if result.server == ATTACHED:
        return f"{_protocol(result)} at {result.address}" if result.address else _protocol(result)
    return SERVERS.get(result.server, result.server)


def short_server(result: EndpointResult) -> str:
    """What serves it, for a chart's label; of an attached endpoint nobody knows, and its protocol stands there."""
    if result.server == ATTACHED:
        return _protocol(result)
    return SHORT_SERVERS.get(result.server, result.server)


def what(result: EndpointResult) -> str:
    """Format and protocol: `TorchScript · REST`; an attached endpoint has the name that its user gave it: `prod`."""
    if result.server == ATTACHED:
        return result.endpoint
    name = format_name(result.format)
    if result.protocol == "call":
        return name
    changed = f" · {result.variant}" if result.variant else ""
    return f"{name} · {_protocol(result)}{changed}"


def phrase(result: EndpointResult, servers: Mapping[str, str] = SHORT_SERVERS) -> str:
    """An endpoint within a sentence: `TorchScript on Flask (REST)`, `prod`."""
    if result.server == ATTACHED:
        return result.endpoint
    if result.protocol == "call":
        return f"{format_name(result.format)} in process"
    how = _protocol(result) + (f", {result.variant}" if result.variant else "")
    return f"{deployment_phrase(result, servers)} ({how})"


def deployment_phrase(result: EndpointResult, servers: Mapping[str, str] = SHORT_SERVERS) -> str:
    """A deployment within a sentence: `TorchScript on Flask`, `prod`."""
    if result.server == ATTACHED:
        return result.deployment
    the = "the " if result.server == STAND_IN_SERVER else ""
    return f"{format_name(result.format)} on {the}{servers.get(result.server, result.server)}"


def format_name(format: str) -> str:
    """A format within a sentence: `TorchScript`, `frozen graph`."""
    return FORMATS.get(format, format)


def _protocol(result: EndpointResult) -> str:
    return PROTOCOLS.get(result.protocol, result.protocol)


def payload(kind: str) -> str:
    """What a request carries: `JSON list`, `gRPC tensor`."""
    return PAYLOADS.get(kind, kind)


def describe_load(load: Load) -> str:
    """`4 callers`, `open loop, 500 req/s`, `1 caller, raw bytes`, `1 caller, 32 rows a request`."""
    how = callers(load.concurrency) if load.closed else f"open loop, {load.rate:,g} req/s"
    encoding = f", {ENCODINGS.get(load.payload, load.payload)}" if load.payload else ""
    return how + encoding + (f", {load.batch} rows a request" if load.batch > 1 else "")


def scenario(load: Load) -> str:
    """`single stream`, `server`, `offline`; what MLPerf has no word for is described.

    The words are those of Reddi et al., *MLPerf Inference Benchmark* (ISCA 2020), section IV-D; its rules on durations,
    numbers of queries and latency bounds are not followed.
    """
    if load.batch > 1:
        return "offline"
    if load.arrivals == "poisson":
        return "server"
    if load.arrivals == "constant":
        return "open loop at a constant rate"
    return "single stream" if load.concurrency == 1 else f"closed loop, {callers(load.concurrency)}"


def callers(count: int) -> str:
    """`1 caller`, `4 callers`."""
    return counted(count, "caller")


def counted(count: int, name: str) -> str:
    """`1 endpoint`, `4 endpoints`."""
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def each_once(names: Sequence[str]) -> str:
    """`2 × NVIDIA L4, NVIDIA T4`; empty for none."""
    return ", ".join(f"{count} × {name}" if count > 1 else name for name, count in Counter(names).items())


def all_of(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; `none` of nothing."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "none"

"""The worker's side of TorchServe: one batch of requests in, one answer each out.

TorchServe's `service_envelope=json` is not used. It joins the rows of all requests of a batch before the handler
sees them, so a body without `instances` raises outside the handler's reach and every request of the batch is
answered with 503. The path `/v1/models/<name>:predict` does not depend on it. With `decode_input_request=false`
the handler gets each body as bytes, and reads it as our Flask service does.
"""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from ts.utils.util import PredictionException

from serveoff.models.tensors import Batch, join, rows_of, split
from serveoff.services.content_encoding import EncodingError, refuse_packed
from serveoff.services.phases import announce, announce_worker
from serveoff.services.predict_v1 import BadInputError, BadOutputError, Codec, Decoded, encode_json, encode_raw
from serveoff.services.runtimes import load_runtime
from serveoff.services.settings import Settings
from serveoff.services.torchserve.lifetime import die_with_parent
from serveoff.services.torchserve.phase_metrics import PhaseMetrics
from serveoff.services.torchserve.refusal import Refusal
from serveoff.services.torchserve.start_fault import start_fault_told

log = logging.getLogger(__name__)

OUT_OF_MEMORY = ("MemoryError", "OutOfMemoryError")
"""Python's error, and PyTorch's."""
FAILED = "internal error: see the server's log"
JSON = "application/json"
RAW = "application/octet-stream"
WHOLE = ""
"""The name of a body that holds all inputs: no input is called so."""


class Handler:
    """Found by TorchServe as the module's only class; `initialize` once per worker, `handle` per batch."""

    def initialize(self, context: Any) -> None:
        """Verify, load and warm up the model of the archive; any exception ends the worker."""
        die_with_parent()
        quieten_logging()
        announce_worker()
        with start_fault_told():
            settings = Settings.from_env(os.environ)
            # It also freezes the heap: otherwise the garbage collector walks the whole framework amid requests.
            runtime = load_runtime(replace(settings, model_dir=Path(context.system_properties["model_dir"])))
        self._codec = Codec(runtime.spec.inputs)
        self._outputs = runtime.spec.outputs
        self._predict = runtime.predict
        self._told = {"device": runtime.device, "intra_op_threads": runtime.intra_op_threads}
        self._body_limit = settings.max_body_bytes
        self._metrics = PhaseMetrics()
        announce("listening")

    def handle(self, data: Sequence[Mapping[str, Any]], context: Any) -> list[bytes]:
        """Answer each request of the batch, by its own predictions or its own error, from one call of the model."""
        if is_describe(data, context):
            return [self.describe_handle()]
        began_s = perf_counter()
        decoded = [self._decode(request, context.get_all_request_header(i)) for i, request in enumerate(data)]
        decoded_s = perf_counter()
        read = [item for item in decoded if isinstance(item, Decoded)]
        outputs = iter(self._predict_all([item.batch for item in read]))
        predicted_s = perf_counter()
        answers = []
        for index, item in enumerate(decoded):
            context.set_response_content_type(index, JSON)
            answer = item if isinstance(item, Refusal) else self._encode(next(outputs), item.answer_key, index, context)
            if isinstance(answer, Refusal):
                _refuse(answer, index, context, alone=len(data) == 1)
                answer = answer.body
            answers.append(answer)
        phases_s = (decoded_s - began_s, predicted_s - decoded_s, perf_counter() - predicted_s)
        self._metrics.add(len(data), phases_s, sum(item.image_s for item in read), context.metrics)
        return answers

    def describe_handle(self) -> bytes:
        """What `GET /models/<name>?customized=true` of the management API adds: this worker's device and threads."""
        return json.dumps(self._told).encode()

    def _decode(self, request: Mapping[str, Any], headers: Mapping[str, Any]) -> Decoded | Refusal:
        bodies, kind = bodies_of(request), type_of(request, headers) or content_type(headers)
        if not bodies or kind not in (JSON, RAW, *self._codec.media_types):
            return Refusal(415, f"send the body as Content-Type: {JSON}, or {RAW} with the header X-Tensor-Shape")
        try:
            refuse_packed(header(headers, "content-encoding") or "")
        except EncodingError as error:
            return Refusal(error.status, str(error))
        if headers.get("explain") == "True":
            return Refusal(404, "this model answers :predict only")
        size = sum(map(len, bodies.values()))
        if size > self._body_limit:
            return Refusal(413, f"the body has {size} bytes; the limit is {self._body_limit}")
        try:
            return self._read(bodies, request, header(headers, "x-tensor-shape") if kind == RAW else None, kind)
        except BadInputError as error:
            return Refusal(400, str(error))

    def _read(self, bodies: Mapping[str, bytes], request: Mapping[str, Any], shape: str | None, kind: str) -> Decoded:
        """GRPC's inputs apart or together, a raw body with the header's shape, or JSON."""
        if WHOLE not in bodies:
            return self._codec.decode_apart(bodies, {n: text(value) for n, value in named(request, "shape.").items()})
        if "shape" in request:
            return self._codec.decode_raw(bodies[WHOLE], text(request["shape"]))
        if kind == RAW:
            return self._codec.decode_raw(bodies[WHOLE], shape)
        if kind in self._codec.media_types:
            return self._codec.decode_image(bodies[WHOLE])
        return self._codec.decode_json(bodies[WHOLE])

    def _predict_all(self, batches: Sequence[Batch]) -> Sequence[Batch | Refusal]:
        """From one call of the model; where that fails each request has its own, so that one harms no other."""
        if len(batches) > 1:
            try:
                return split(self._predict(join(batches)), [rows_of(batch) for batch in batches])
            except Exception:
                log.exception("the model failed on a batch of %d requests: each runs alone", len(batches))
        return [self._predict_one(batch) for batch in batches]

    def _predict_one(self, batch: Batch) -> Batch | Refusal:
        try:
            return self._predict(batch)
        except Exception as error:
            if type(error).__name__ in OUT_OF_MEMORY:
                raise  # TorchServe has a status of its own for it
            log.exception("the model failed on a request")
            return Refusal(500, FAILED)

    def _encode(self, outputs: Batch | Refusal, answer_key: str, index: int, context: Any) -> bytes | Refusal:
        """JSON, or the outputs' bytes for a client that accepts those."""
        if isinstance(outputs, Refusal):
            return outputs
        if header(context.get_all_request_header(index), "accept") == RAW:
            body, shape = encode_raw(outputs, self._outputs)
            context.set_response_content_type(index, RAW)
            context.set_response_header(index, "X-Tensor-Shape", shape)
            return body
        try:
            return encode_json(outputs, answer_key)
        except BadOutputError as error:
            return Refusal(500, str(error))


def bodies_of(request: Mapping[str, Any]) -> dict[str, bytes]:
    """A request's one body by the name WHOLE, or the inputs that gRPC sends apart by their own; empty for neither."""
    for name in ("data", "body"):
        if name in request:
            return {WHOLE: bytes(request[name])}
    return {name: bytes(data) for name, data in named(request, "data.").items()}


def named(request: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The entries of a gRPC request that begin so, by the rest of their names: `data.tokens` is that of `tokens`."""
    return {name.removeprefix(prefix): value for name, value in request.items() if name.startswith(prefix)}


def type_of(request: Mapping[str, Any], headers: Mapping[str, Any]) -> str:
    """What a gRPC client says its body is, beside it, as `image/jpeg`: it has no header for that."""
    return text(request["type"]).strip().lower() if "type" in request and is_grpc(headers) else ""


def text(shape: bytes) -> str:
    """A shape as gRPC carries it; what is no ASCII is no shape, and is refused as one."""
    return bytes(shape).decode("ascii", "replace")


def _refuse(refusal: Refusal, index: int, context: Any, alone: bool) -> None:
    """Give one answer its status.

    On the way to a gRPC client TorchServe drops the status of an answer and keeps that of a batch only: a request
    alone in its batch gets a gRPC status, others get the error as an answer with status OK.
    """
    if alone and is_grpc(context.get_all_request_header(index)):
        raise PredictionException(refusal.message, refusal.status)
    context.set_response_status(refusal.status, refusal.phrase, index)


def content_type(headers: Mapping[str, Any]) -> str:
    """What the client says the body is, in lower case; JSON where it says nothing, as in gRPC.

    From the request's own headers: the parameter's entry, `headers["body"]`, can be replaced by a header of that name.
    """
    said = header(headers, "content-type")
    return JSON if said is None else said.partition(";")[0].strip().lower()


def header(headers: Mapping[str, Any], name: str) -> str | None:
    """One of the client's own headers, by its name in lower case."""
    return next((value for key, value in headers.items() if isinstance(value, str) and key.lower() == name), None)


def is_grpc(headers: Mapping[str, Any]) -> bool:
    """True for a gRPC request: TorchServe gives it no headers but the parameters' own content types."""
    return not any(isinstance(value, str) for value in headers.values())


def is_describe(data: Sequence[Mapping[str, Any]], context: Any) -> bool:
    """True for the management API's question. It has no body; a client's header of that name comes with one."""
    return context.get_all_request_header(0).get("describe") == "True" and not data[0]


def quieten_logging() -> None:
    """No line per request; TorchServe reads its metrics from the logger `ts` at level INFO, so that one stays."""
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("ts").setLevel(logging.INFO)

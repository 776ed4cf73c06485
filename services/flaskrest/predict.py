"""`POST /v1/models/<model>:predict`: a body into a batch, the model's outputs into an answer."""

from functools import lru_cache
from time import perf_counter

from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.http import parse_options_header

from serveoff.models.tensors import Batch
from serveoff.services.content_encoding import unpacked
from serveoff.services.flaskrest.batching import PREPARED, Prepared
from serveoff.services.flaskrest.exchange import BODY, Environ
from serveoff.services.flaskrest.lean import ShortAnswer
from serveoff.services.flaskrest.timing import ARRIVED, BEGAN, HEADER, server_timing
from serveoff.services.predict_v1 import Codec, Decoded, encode_json, encode_raw, quoted
from serveoff.services.predict_v1.raw import HEADER as SHAPE_HEADER
from serveoff.services.runtimes import Runtime

JSON = "application/json"
RAW = "application/octet-stream"
JSON_TYPES = frozenset({JSON, "", "application/x-www-form-urlencoded"})
"""`curl -d`, as TF Serving's documentation uses it, sends the last; no type at all is taken for JSON too."""


class Predictor:
    """Answers requests to :predict by one runtime."""

    def __init__(self, runtime: Runtime, body_limit: int) -> None:
        self._runtime = runtime
        self._predict = runtime.predict
        self._codec = Codec(runtime.spec.inputs)
        self._body_limit = body_limit

    def answer(self) -> Response:
        """Predictions for a JSON or a raw body; the answer is JSON unless the client accepts raw bytes.

        A request that the worker put into a batch comes with its outputs.
        """
        environ = request.environ
        prepared: Prepared = environ.get(PREPARED) or self._compute(environ)
        began_s = prepared.done_s or environ[BEGAN]
        response = self._encode(prepared.outputs, prepared.decoded.answer_key, environ)
        now_s = perf_counter()
        total_s = now_s - environ[ARRIVED]
        response.headers[HEADER] = server_timing(
            total_s, prepared.parse_s, prepared.predict_s, now_s - began_s, prepared.decoded.image_s
        )
        return response

    def decode(self, environ: Environ, body: bytes) -> Decoded:
        """The batch in a body, read as its Content-Encoding and Content-Type say.

        BadInputError, EncodingError or UnsupportedMediaType if it is none.
        """
        if encoding := environ.get("HTTP_CONTENT_ENCODING"):
            body = unpacked(body, encoding, self._body_limit)
        kind = _media_type(environ.get("CONTENT_TYPE", ""))
        if kind in JSON_TYPES:
            return self._codec.decode_json(body)
        if kind == RAW:
            return self._codec.decode_raw(body, environ.get("HTTP_X_TENSOR_SHAPE"))
        if kind in self._codec.media_types:
            return self._codec.decode_image(body)
        taken = " or ".join((JSON, RAW, *self._codec.media_types))
        raise UnsupportedMediaType(f"Content-Type is {quoted(kind)}: use {taken}")

    def _compute(self, environ: Environ) -> Prepared:
        body: bytes | None = environ.get(BODY)
        decoded = self.decode(environ, request.get_data(cache=False) if body is None else body)
        decoded_s = perf_counter()
        outputs = self._predict(decoded.batch)
        done_s = perf_counter()
        return Prepared(decoded, outputs, decoded_s - environ[BEGAN], done_s - decoded_s, done_s)

    def _encode(self, outputs: Batch, answer_key: str, environ: Environ) -> Response:
        if environ.get("HTTP_ACCEPT") == RAW:
            body, shape = encode_raw(outputs, self._runtime.spec.outputs)
            return ShortAnswer(body, content_type=RAW, headers={SHAPE_HEADER: shape})
        return ShortAnswer(encode_json(outputs, answer_key), content_type=JSON)


@lru_cache(maxsize=64)
def _media_type(content_type: str) -> str:
    return parse_options_header(content_type)[0].lower()

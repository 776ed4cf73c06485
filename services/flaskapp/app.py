"""The application: rows in JSON to predictions in JSON, by what Flask itself has for either.

https://flask.palletsprojects.com/en/stable/quickstart/#apis-with-json and, for errors,
https://flask.palletsprojects.com/en/stable/errorhandling/#generic-exception-handlers
"""

from dataclasses import replace
from typing import Any

from flask import Flask, Request, Response, jsonify, request
from werkzeug.exceptions import BadRequest, HTTPException

from serveoff.services.content_encoding import EncodingError, unpacked
from serveoff.services.flaskapp import layers
from serveoff.services.flaskrest.readiness import Readiness, state
from serveoff.services.flaskrest.strict_http import StrictHttp
from serveoff.services.predict_v1 import BadInputError, BadOutputError, Codec, answer
from serveoff.services.runtimes import Runtime
from serveoff.services.settings import Settings


def create_app(settings: Settings, runtime: Runtime, readiness: Readiness | None = None) -> Flask:
    """Prediction, readiness and errors in JSON around one runtime. readiness: counts the workers that can predict."""
    app = Flask(__name__, static_folder=None)
    app.request_class = PackedRequest
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    codec = Codec(runtime.spec.inputs)
    unbatched = replace(settings, batch_size=1, batch_delay_ms=0)

    @app.post(f"/v1/models/{settings.model}:predict")
    def predict() -> Response:
        asked = codec.read(_document(codec))
        if (layer := request.args.get("layer")) is not None:
            outputs = layers.compute(runtime, layer, asked.batch)
            return jsonify(answer(outputs, asked.answer_key) | {"layer": layer})
        return jsonify(answer(runtime.predict(asked.batch), asked.answer_key))

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        body, status = state("flask", unbatched, runtime, readiness)
        return jsonify(body), status

    app.register_error_handler(BadInputError, lambda error: (jsonify(error=str(error)), 400))
    app.register_error_handler(EncodingError, lambda error: (jsonify(error=str(error)), error.status))
    app.register_error_handler(BadOutputError, lambda error: (jsonify(error=str(error)), 500))
    app.register_error_handler(HTTPException, _in_json)
    app.wsgi_app = StrictHttp(app.wsgi_app, settings.max_body_bytes)  # type: ignore[method-assign]
    return app


class PackedRequest(Request):
    """A request whose body may be packed."""

    def get_data(self, *arguments: Any, **named: Any) -> Any:
        """The body as it was before its Content-Encoding; EncodingError."""
        data = super().get_data(*arguments, **named)
        encoding = self.headers.get("Content-Encoding")
        return unpacked(data, encoding, self.max_content_length or 0) if encoding else data


def _document(codec: Codec) -> Any:
    """The request's JSON; BadInputError or an HTTPException where there is none to be had."""
    if request.is_json:
        codec.check_large(request.get_data())
    try:
        return request.get_json()
    except RecursionError:
        raise BadRequest("the body is nested too deeply") from None


def _in_json(error: HTTPException) -> Response:
    """`{"error": ...}` with the status and the headers that Werkzeug has for it, such as the methods allowed."""
    response = jsonify(error=error.description)
    response.status_code = error.code or 500
    response.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
    return response

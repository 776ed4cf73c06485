"""The application: rows in JSON to predictions in JSON, by what Flask itself has for either.

https://flask.palletsprojects.com/en/stable/quickstart/#apis-with-json and, for errors,
https://flask.palletsprojects.com/en/stable/errorhandling/#generic-exception-handlers
"""

from dataclasses import replace
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge

from serveoff.services.flaskapp import layers
from serveoff.services.flaskrest.readiness import Readiness, state
from serveoff.services.predict_v1 import BadInputError, BadOutputError, Codec, answer
from serveoff.services.runtimes import Runtime
from serveoff.services.settings import Settings


def create_app(settings: Settings, runtime: Runtime, readiness: Readiness | None = None) -> Flask:
    """Prediction, readiness and errors in JSON around one runtime. readiness: counts the workers that can predict."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    codec = Codec(runtime.spec.inputs)
    unbatched = replace(settings, batch_size=1, batch_delay_ms=0)

    @app.post(f"/v1/models/{settings.model}:predict")
    def predict() -> Response:
        asked = codec.read(_document(settings.max_body_bytes))
        if (layer := request.args.get("layer")) is not None:
            outputs = layers.compute(runtime, layer, asked.batch)
            return jsonify(answer(outputs, asked.answer_key) | {"layer": layer})
        return jsonify(answer(runtime.predict(asked.batch), asked.answer_key))

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        body, status = state("flask", unbatched, runtime, readiness)
        return jsonify(body), status

    app.register_error_handler(BadInputError, lambda error: (jsonify(error=str(error)), 400))
    app.register_error_handler(BadOutputError, lambda error: (jsonify(error=str(error)), 500))
    app.register_error_handler(HTTPException, _in_json)
    return app


def _document(body_limit: int) -> Any:
    """The request's JSON; BadRequest, UnsupportedMediaType or RequestEntityTooLarge where there is none to be had."""
    try:
        return request.get_json()
    except RecursionError:
        raise BadRequest("the body is nested too deeply") from None
    except BadRequest:
        # A body that came in chunks is cut off at the limit.
        if len(request.get_data()) >= body_limit:
            raise RequestEntityTooLarge from None
        raise


def _in_json(error: HTTPException) -> Response:
    """`{"error": ...}` with the status and the headers that Werkzeug has for it, such as the methods allowed."""
    response = jsonify(error=error.description)
    response.status_code = error.code or 500
    response.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
    return response

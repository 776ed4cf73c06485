"""The Flask application: TF Serving's REST API, version 1, health and metrics, around one runtime.

https://www.tensorflow.org/tfx/serving/api_rest
"""

from dataclasses import dataclass
from typing import Any

import orjson
from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import BaseConverter

from serveoff.services.content_encoding import EncodingError
from serveoff.services.flaskrest.batching import Batcher
from serveoff.services.flaskrest.lean import LeanFlask
from serveoff.services.flaskrest.metadata import metadata
from serveoff.services.flaskrest.metrics import CONTENT_TYPE, Counted, Metrics
from serveoff.services.flaskrest.predict import JSON, Predictor
from serveoff.services.flaskrest.readiness import Readiness, state
from serveoff.services.flaskrest.strict_http import StrictHttp
from serveoff.services.predict_v1 import BadInputError, BadOutputError, quoted
from serveoff.services.runtimes import Runtime
from serveoff.services.settings import Settings

VERSION = 1
"""Each artifact is served as this version of its model."""


class ModelName(BaseConverter):
    """A path segment up to the colon before its verb, as in `/v1/models/digits_cnn:predict`."""

    regex = "[^/:]+"


@dataclass(frozen=True)
class Service:
    """The routes' functions, around one runtime."""

    settings: Settings
    runtime: Runtime
    predictor: Predictor
    counted: Metrics
    readiness: Readiness | None

    def predict(self, model: str, version: int = VERSION) -> Response:
        """Predictions for a JSON or a raw body."""
        self._check_name(model, version)
        return self.predictor.answer()

    def status(self, model: str, version: int = VERSION) -> Response:
        """The state of the one version, as TF Serving words it."""
        self._check_name(model, version)
        state = {"version": str(VERSION), "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        return json_answer({"model_version_status": [state]})

    def metadata(self, model: str, version: int = VERSION) -> Response:
        """The signatures: names, dtypes and shapes of inputs and outputs."""
        self._check_name(model, version)
        return json_answer(metadata(self.runtime.spec, model, VERSION))

    def healthz(self) -> Response:
        """The process is alive and takes requests."""
        return json_answer({"status": "alive"})

    def readyz(self) -> Response:
        """200 once every worker has loaded and warmed its model, 503 before; and what is served, how."""
        return json_answer(*state("flask-tuned", self.settings, self.runtime, self.readiness))

    def metrics(self) -> Response:
        """What Prometheus scrapes."""
        return Response(self.counted.render(), content_type=CONTENT_TYPE)

    def _check_name(self, model: str, version: int) -> None:
        if model != self.settings.model:
            raise NotFound(f"unknown model {quoted(repr(model))}: this server has {self.settings.model!r}")
        if version != VERSION:
            raise NotFound(f"model {model!r} has no version {quoted(str(version))}: it has {VERSION}")


def create_app(settings: Settings, runtime: Runtime, load_s: float = 0.0, readiness: Readiness | None = None) -> Flask:
    """The application around a loaded runtime.

    load_s: what loading took, for /metrics. readiness: counts the workers that can predict; without one, this
    process is all there is.
    """
    app = LeanFlask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.url_map.converters["model"] = ModelName
    metrics = Metrics(settings.model, settings.format)
    metrics.loaded(load_s)
    predictor = Predictor(runtime, settings.max_body_bytes)
    service = Service(settings, runtime, predictor, metrics, readiness)
    for model in ("/v1/models/<model:model>", "/v1/models/<model:model>/versions/<int:version>"):
        app.add_url_rule(f"{model}:predict", view_func=service.predict, methods=["POST"])
        app.add_url_rule(model, view_func=service.status)
        app.add_url_rule(f"{model}/metadata", view_func=service.metadata)
    for view in (service.healthz, service.readyz, service.metrics):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
    app.register_error_handler(Exception, answer_error)
    paths = frozenset(f"/v1/models/{settings.model}{version}:predict" for version in ("", f"/versions/{VERSION}"))
    for path in paths:
        app.remember("POST", path)
    if settings.threads_per_worker > 1:
        app.wsgi_app = StrictHttp(app.wsgi_app, settings.max_body_bytes)  # type: ignore[method-assign]
    app.wsgi_app = Counted(app.wsgi_app, metrics)  # type: ignore[method-assign]
    if settings.batch_size > 1:
        delay_s = settings.batch_delay_ms / 1e3
        app.extensions[Batcher.NAME] = Batcher(
            settings.batch_size, delay_s, paths, predictor.decode, runtime.predict, metrics.batched
        )
    return app


def answer_error(error: Exception) -> Response:
    """Every error leaves here, as `{"error": "..."}` with its status and, for a 405, the methods allowed."""
    if isinstance(error, HTTPException) and error.code:
        response = json_answer({"error": error.description or error.name}, error.code)
        response.headers.extend((k, v) for k, v in error.get_headers() if k.lower() != "content-type")
        return response
    if isinstance(error, EncodingError):
        return json_answer({"error": str(error)}, error.status)
    if isinstance(error, BadInputError):
        return json_answer({"error": str(error)}, 400)
    if isinstance(error, BadOutputError):
        return json_answer({"error": str(error)}, 500)
    current_app.logger.error("cannot answer %s %s", request.method, request.path, exc_info=error)
    return json_answer({"error": "internal error: see the server's log"}, 500)


def json_answer(body: dict[str, Any], status: int = 200) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(body), status, content_type=JSON)

"""The REST API: paths to actions, results to JSON, errors to statuses (model_servers/http_rest_api_handler.cc)."""

import re
from dataclasses import dataclass, field

from serveoff.services.predict_v1 import quoted
from serveoff.services.tfserving.embedded import example_inference, inference, model_info
from serveoff.services.tfserving.embedded.errors import ServingError, invalid_argument
from serveoff.services.tfserving.embedded.inference import Runner, run_at_once, timed
from serveoff.services.tfserving.embedded.metrics import Metrics
from serveoff.services.tfserving.embedded.repository import Repository
from serveoff.services.tfserving.embedded.rest_json import json_answer, json_examples, request
from serveoff.services.tfserving.embedded.rest_json.fast import plain_rows
from serveoff.services.tfserving.embedded.rest_json.request import Format
from serveoff.services.tfserving.embedded.servable import Servable
from serveoff.services.tfserving.embedded.signatures import CLASSIFY, DEFAULT_SIGNATURE, REGRESS, Signature, Tensors
from serveoff.services.tfserving.embedded.versions import LARGEST_VERSION

API = re.compile("/v1/.*", re.IGNORECASE | re.DOTALL)
PREDICTION = re.compile(
    r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?:(classify|regress|predict)",
    re.IGNORECASE | re.ASCII,
)
STATUS = re.compile(
    r"/v1/models(?:/([^/:]+))?(?:/versions/(\d+)|/labels/([^/:]+))?(?:/(metadata))?", re.IGNORECASE | re.ASCII
)
EXAMPLE_ACTIONS = {
    "classify": (CLASSIFY, json_examples.classification_json),
    "regress": (REGRESS, json_examples.regression_json),
}
"""What is done with tf.Examples, to the method that a signature has for it, and its result in JSON."""
JSON = "application/json"


Target = tuple[str, int | None, str | None]
"""Which servable a path names, by model and version or label; neither of these means the newest."""


@dataclass(frozen=True)
class Answer:
    """What goes back to the client."""

    status: int
    body: bytes
    content_type: str = JSON


@dataclass
class RestApi:
    """All of the REST API behind one call."""

    repository: Repository
    run: Runner = run_at_once
    metrics: Metrics = field(default_factory=Metrics)
    prometheus_path: str | None = None

    def handle(self, method: str, path: str, body: bytes) -> Answer:
        """Answer one request. Never raises for what a client sends."""
        if path == self.prometheus_path:
            return Answer(200, self.metrics.page().encode(), "text/plain")
        if not API.fullmatch(path):
            return Answer(404, json_answer.error_json(f"Not found: {quoted(method)} {quoted(path)}"))
        try:
            return Answer(200, self._dispatch(method, path, body))
        except ServingError as error:
            return Answer(error.code.http_status, json_answer.error_json(str(error)))

    def _dispatch(self, method: str, path: str, body: bytes) -> bytes:
        if method == "POST" and (match := PREDICTION.fullmatch(path)):
            return self._inference(_target(match), match[4].lower(), body)
        if method == "GET" and (match := STATUS.fullmatch(path)):
            return self._about(_target(match), metadata=bool(match[4]))
        raise invalid_argument(f"Malformed request: {quoted(method)} {quoted(path)}")

    def _inference(self, target: Target, action: str, body: bytes) -> bytes:
        with self.metrics.counted(target[0], action, "REST", self.repository.knows(target[0])):
            return self._predict(target, body) if action == "predict" else self._infer(target, action, body)

    def _predict(self, target: Target, body: bytes) -> bytes:
        fast = self._plain_predict(target, body)
        if fast is not None:
            return fast
        document = request.parse_json(body)
        name = request.signature_name(document) or DEFAULT_SIGNATURE
        servable = self.repository.servable(*target)
        signature = servable.signatures.get(name)
        if signature is None:
            raise invalid_argument(f'Serving signature name: "{quoted(name)}" not found in signature def')
        if not signature.inputs:
            raise invalid_argument(f"Failed to get input map for signature: {quoted(name)}")
        layout, tensors = request.predict_tensors(document, signature.inputs)
        return self._run(servable, signature, tensors, layout)

    def _plain_predict(self, target: Target, body: bytes) -> bytes | None:
        try:
            servable = self.repository.servable(*target)
        except ServingError:  # which the ordinary way tells, after it has looked at the body
            return None
        signature = servable.signatures.get(DEFAULT_SIGNATURE)
        if signature is None or len(signature.inputs) != 1:
            return None
        ((name, info),) = signature.inputs.items()
        array = plain_rows(body, info)
        return None if array is None else self._run(servable, signature, {name: array}, Format.ROW)

    def _run(self, servable: Servable, signature: Signature, tensors: Tensors, layout: Format) -> bytes:
        outputs = inference.predict(servable, signature, tensors, (), timed(self.run, self.metrics, "Predict"))
        return json_answer.predictions_json(outputs, layout)

    def _infer(self, target: Target, action: str, body: bytes) -> bytes:
        document, (method, to_json) = request.parse_json(body), EXAMPLE_ACTIONS[action]
        name = request.signature_name(document)
        if not isinstance(document, dict):  # a large body: nothing is made of its examples where nobody takes them
            example_inference.example_signature(self.repository.servable(*target), name, method)
        examples = json_examples.serialized_examples(document)
        run = timed(self.run, self.metrics, action.capitalize())
        return to_json(example_inference.infer(self.repository.servable(*target), name, method, examples, run))

    def _about(self, target: Target, metadata: bool) -> bytes:
        if not target[0]:
            raise invalid_argument("Missing model name in request.")
        if metadata:
            return model_info.metadata_json(self.repository.servable(*target))
        return model_info.status_json(self.repository.states(*target))


def _target(match: re.Match[str]) -> Target:
    version = int(match[2]) if match[2] and len(match[2]) < 20 else None
    if match[2] and (version is None or version > LARGEST_VERSION):
        raise invalid_argument(f"Failed to convert version: {quoted(match[2])} to numeric.")
    return match[1] or "", version, match[3]

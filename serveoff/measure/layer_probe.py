"""Ask a live endpoint for the output of one layer of its model: which can answer, and at what cost (claim C6).

Flask as people deploy it takes `?layer=<name>` (services/flaskapp). TensorFlow Serving's gRPC takes the names of the
outputs wanted (predict.proto, `output_filter`), and knows those of the signature. The other protocols have no way to
name a layer.
"""

import time
from collections.abc import Sequence
from typing import Final

import orjson

from serveoff.loadtests.payloads import Payload, payload_for
from serveoff.loadtests.samples import golden_inputs, spec_of
from serveoff.measure.one_shot_client import BAD_REQUEST, GateError, Send, sender
from serveoff.measure.runtimes import Server
from serveoff.models import catalog
from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.models.tensors import take
from serveoff.record.endpoint_results import LayerProbe
from serveoff.record.roles import role_of
from serveoff.services.registry import Endpoint

WARM: Final = 3
PAIRS: Final = 30
"""Requests for the layer, each beside one for the final outputs."""
KEPT_VALUES: Final = 256
NO_WAY: Final = "its protocol cannot name a layer: outputs are fixed when the model is exported"
NO_LAYERS: Final = "the model has no named layers"
_OUTPUT_FILTER: Final = 0x1A
"""The tag of PredictRequest's field 3, a string; a serialised message may be extended by appending a field to it."""


def wanted(endpoint: Endpoint) -> bool:
    """True for endpoints that serve a model as the run compares it; the tuned Flask has what Flask has, but layers."""
    return role_of(endpoint.deployment) in ("contender", "stand-in") and endpoint.deployment.server != "flask-tuned"


def asked_layer(layers: Sequence[str]) -> str:
    """The last hidden layer that has weights: what a network knows of an input, before it is made an answer."""
    return layers[-2] if len(layers) > 1 else layers[0]


def probe(endpoint: Endpoint, server: Server) -> LayerProbe:
    """Ask for the layer; where it is answered, time that beside the final outputs."""
    deployment = endpoint.deployment
    model, named = deployment.model, catalog.layers(deployment.model)
    if not named:
        return LayerProbe(layer="", outcome="not asked", reason=NO_LAYERS)
    layer, spec = asked_layer(named), spec_of(model)
    payload = payload_for(endpoint.protocol, deployment.grpc_api)
    body = payload.encode(spec, take(golden_inputs(model), slice(1)))
    # As if this layer were the model's one output; of what shape, its answer says.
    answers = spec.model_copy(update={"outputs": (TensorSpec(name=layer, shape=(-1,), dtype="float32"),)})
    address = server.addresses[endpoint.protocol]
    try:
        if deployment.server == "flask":
            with (
                sender(endpoint, payload, address, f"?layer={layer}") as ask,
                sender(endpoint, payload, address) as plain,
            ):
                return _answered(answers, payload, body, ask, plain)
        if endpoint.protocol == "grpc" and deployment.grpc_api == "tfserving":
            with sender(endpoint, payload, address) as plain:
                return _answered(answers, payload, body, lambda b: plain(_filtered(b, layer)), plain)
    except GateError as error:
        refused = error.status == BAD_REQUEST
        return LayerProbe(layer=layer, outcome="refused" if refused else "failed", reason=_reason(str(error)))
    except ValueError as error:
        return LayerProbe(layer=layer, outcome="failed", reason=f"no rows in its answer: {error}")
    return LayerProbe(layer=layer, outcome="not asked", reason=NO_WAY)


def _answered(answers: ModelSpec, payload: Payload, body: bytes, ask: Send, plain: Send) -> LayerProbe:
    layer = answers.outputs[0].name
    values = payload.decode(ask(body), 1, answers)[layer]
    for _ in range(WARM):
        ask(body)
        plain(body)
    pairs = [(_timed(ask, body), _timed(plain, body)) for _ in range(PAIRS)]
    return LayerProbe(
        layer=layer,
        outcome="answered",
        shape=list(values.shape),
        values=[float(value) for value in values.ravel()[:KEPT_VALUES]],
        with_layer_s=[pair[0] for pair in pairs],
        without_s=[pair[1] for pair in pairs],
    )


def _timed(send: Send, body: bytes) -> float:
    start = time.perf_counter()
    send(body)
    return time.perf_counter() - start


def _filtered(body: bytes, layer: str) -> bytes:
    name = layer.encode()
    return body + bytes((_OUTPUT_FILTER, len(name))) + name


def _reason(message: str) -> str:
    """The server's own words, without the JSON around them."""
    _, _, said = message.partition(": ")
    try:
        return str(orjson.loads(said)["error"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return said or message

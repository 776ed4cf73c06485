"""`POST /v1/models/<model>:predict?layer=<name>`: what one layer gives for a batch, instead of the final outputs.

A dynamic graph can show it, since its layers are Python objects that run one by one. A static graph mostly cannot, and
then the answer says why. Rows come and go as JSON, as for any prediction; `layer` names the layer in the answer.
"""

from __future__ import annotations

from urllib.parse import parse_qs

import orjson
from flask import Response

from serveoff.models.tensors import rows_of
from serveoff.services.predict_v1 import BadInputError, BadOutputError, Decoded, encode_json
from serveoff.services.runtimes import Runtime

PARAMETER = "layer"
_NO_MODEL = "this service computes no model and has no layers"


def asked(query: str) -> str | None:
    """The layer that a request's query string asks for; None where it asks for none."""
    return parse_qs(query, keep_blank_values=True).get(PARAMETER, [None])[-1]


def answer(runtime: Runtime, layer: str, decoded: Decoded) -> Response:
    """The layer's output for a batch; BadInputError where the graph has none, or none of this name."""
    if not runtime.layers:
        raise BadInputError(f"no layer {layer!r} can be returned: {runtime.no_layers or _NO_MODEL}")
    if layer not in runtime.layers:
        raise BadInputError(f"there is no layer {layer!r}: there are {', '.join(runtime.layers)}")
    outputs, rows = runtime.layers[layer](decoded.batch), rows_of(decoded.batch)
    for output in outputs.values():
        if len(output) != rows:
            raise BadOutputError(f"layer {layer} gave {len(output)} rows for {rows}")
    body = encode_json(outputs, decoded.answer_key)
    return Response(body[:-1] + b',"layer":' + orjson.dumps(layer) + b"}", content_type="application/json")

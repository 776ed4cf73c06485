"""`POST /v1/models/<model>:predict?layer=<name>`: what one layer gives for a batch, instead of the final outputs.

A dynamic graph can show it, since its layers are Python objects that run one by one. A static graph mostly cannot, and
then the answer says why.
"""

from serveoff.models.tensors import Batch, rows_of
from serveoff.services.predict_v1 import BadInputError, BadOutputError, quoted
from serveoff.services.runtimes import Runtime

_NO_MODEL = "this service computes no model and has no layers"


def compute(runtime: Runtime, layer: str, batch: Batch) -> Batch:
    """The layer's output for a batch; BadInputError where the graph has none, or none of this name."""
    if not runtime.layers:
        raise BadInputError(f"no layer {quoted(repr(layer))} can be returned: {runtime.no_layers or _NO_MODEL}")
    if layer not in runtime.layers:
        raise BadInputError(f"there is no layer {quoted(repr(layer))}: there are {', '.join(runtime.layers)}")
    outputs, rows = runtime.layers[layer](batch), rows_of(batch)
    for output in outputs.values():
        if len(output) != rows:
            raise BadOutputError(f"layer {layer} gave {len(output)} rows for {rows}")
    return outputs

"""Run a predict signature: checks before, one run of the graph, results by alias. Both protocols call this.

After TensorFlow Serving's predict_util.cc.
"""

from collections.abc import Callable, Collection, Sequence
from time import perf_counter
from typing import Any

from serveoff.services.predict_v1 import quoted
from serveoff.services.tfserving.embedded.errors import Code, ServingError, failed_precondition, invalid_argument
from serveoff.services.tfserving.embedded.metrics import Metrics
from serveoff.services.tfserving.embedded.servable import Servable
from serveoff.services.tfserving.embedded.signatures import (
    CLASSIFY,
    DEFAULT_SIGNATURE,
    PREDICT,
    REGRESS,
    Array,
    Signature,
    Tensors,
    check_shape,
)

Runner = Callable[[Servable, Sequence[str], Sequence[Array], Sequence[str]], list[Array]]
"""How a graph is run: at once (`run_at_once`) or in a batch with others (`Batcher.run`)."""

METHODS = (PREDICT, CLASSIFY, REGRESS)


run_at_once: Runner = Servable.run
"""Each request is a run of its own."""


def timed(run: Runner, metrics: Metrics, api: str) -> Runner:
    """The same, and how long each run took is counted under this API (Predict, Classify, Regress)."""

    def timed_run(servable: Servable, *asked: Any) -> list[Array]:
        started = perf_counter()
        outputs = run(servable, *asked)
        metrics.ran(servable.name, api, perf_counter() - started)
        return outputs

    return timed_run


def predict(servable: Servable, signature: Signature, inputs: Tensors, wanted: Sequence[str], run: Runner) -> Tensors:
    """The outputs by alias: those wanted, or all. ServingError where inputs or aliases do not fit the signature."""
    check_method(signature)
    _check_inputs(signature, inputs)
    _check_outputs(signature, wanted)
    aliases = sorted(wanted or signature.outputs)
    # In the signature's order, not the client's: requests share a batch, and a prepared call, whatever came first.
    feeds = [info.name for info in signature.inputs.values()]
    arrays = [inputs[alias] for alias in signature.inputs]
    fetches = [signature.outputs[alias].name for alias in aliases]
    return dict(zip(aliases, run(servable, feeds, arrays, fetches), strict=True))


def predict_signature(servable: Servable, name: str) -> Signature:
    """The signature of a Predict call; FAILED_PRECONDITION where the model has none of that name."""
    signature = servable.signatures.get(name or DEFAULT_SIGNATURE)
    if signature is None:
        raise failed_precondition(f'Serving signature key "{quoted(name or DEFAULT_SIGNATURE)}" not found.')
    return signature


def check_method(signature: Signature) -> None:
    """A predict call takes any of the three methods, and no other, where that is checked."""
    if signature.checks_method and signature.method not in METHODS:
        wanted = f"{{{', '.join(METHODS)}}}"
        text = f"Expected prediction signature method_name to be one of {wanted}. Was: {signature.method}"
        raise ServingError(Code.INTERNAL, text)


def check_aliases(signature: Signature, sent_aliases: Collection[str]) -> None:
    """INVALID_ARGUMENT where these are not the signature's inputs; before any is read, for reading may cost much."""
    if set(sent_aliases) != signature.inputs.keys():
        sent, wanted = sorted(sent_aliases), sorted(signature.inputs)
        if len(sent) != len(wanted):
            raise invalid_argument(
                f"input size does not match signature: {len(sent)}!={len(wanted)} "
                f"len({{{quoted(','.join(sent))}}}) != len({{{','.join(wanted)}}}). "
                f"Sent extra: {{{quoted(','.join(sorted(set(sent) - set(wanted))))}}}. "
                f"Missing but required: {{{','.join(sorted(set(wanted) - set(sent)))}}}."
            )
        unknown = next(alias for alias in sent if alias not in signature.inputs)
        raise invalid_argument(
            f"input tensor alias not found in signature: {quoted(unknown)}. Inputs expected to be in the set "
            f"{{{','.join(wanted)}}}."
        )


def _check_inputs(signature: Signature, inputs: Tensors) -> None:
    check_aliases(signature, inputs)
    for alias, array in inputs.items():
        check_shape(alias, signature.inputs[alias], array.shape)


def _check_outputs(signature: Signature, wanted: Sequence[str]) -> None:
    for index, alias in enumerate(wanted):
        if alias not in signature.outputs:
            raise invalid_argument(
                f"output tensor alias not found in signature: {quoted(alias)} Outputs expected to be in the set "
                f"{{{','.join(sorted(signature.outputs))}}}."
            )
        if alias in wanted[:index]:
            raise invalid_argument(f"duplicate output tensor alias: {quoted(alias)}")

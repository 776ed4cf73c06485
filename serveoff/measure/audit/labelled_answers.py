"""The accuracy of a live endpoint: its answers to labelled samples, one sample a request, before anything is timed.

Of one at a time, for dynamic quantization scales all rows of a request together: more rows are other answers.
"""

import time
from typing import Final

from serveoff.errors import ServerFailed
from serveoff.loadtests.payloads import payload_for
from serveoff.measure.one_shot_client import GateError, sender
from serveoff.measure.runtimes import Server
from serveoff.models.manifest import read_manifest
from serveoff.models.quality.labelled import Labelled, classes_of, read_labelled, right
from serveoff.models.spec import ModelSpec, model_dir
from serveoff.models.tensors import rows_of, take
from serveoff.record.endpoint_results import LabelledAnswers
from serveoff.record.problems import StartCode
from serveoff.services.registry import Endpoint

MOST_S: Final = 10.0
"""A slow endpoint is asked for as many samples as it answers within this time."""
AS_EXPORTED: Final = "the artifact's own precision"


def check_precision(server: Server, told: str) -> None:
    """ServerFailed where a server computes in another precision than it was asked to."""
    wanted = server.deployment.precision
    if told != wanted:
        text = f"{server.deployment.name} computes in {told or AS_EXPORTED}; requested: {wanted or AS_EXPORTED}"
        raise ServerFailed(StartCode.MISBEHAVED, text, f"its log: {server.log}")


def ask(endpoint: Endpoint, server: Server) -> LabelledAnswers | None:
    """Which samples it gets right; None where the model has none, or the endpoint leaves one without an answer."""
    model = endpoint.deployment.model
    spec, samples = _samples(model)
    if samples is None:
        return None
    payload, found = payload_for(endpoint.protocol, endpoint.deployment.grpc_api, ""), list[bool]()
    until = time.monotonic() + MOST_S
    try:
        with sender(endpoint, payload, server.addresses[endpoint.protocol]) as send:
            for row in range(rows_of(samples.inputs)):
                body = payload.encode(spec, take(samples.inputs, slice(row, row + 1)))
                answer = payload.decode(send(body), 1, spec)
                found.append(bool(right(answer, samples.labels[row : row + 1], spec)[0]))
                if time.monotonic() >= until:
                    break
    except (GateError, ValueError):
        return None
    return LabelledAnswers(samples=rows_of(samples.inputs), right=found)


def _samples(model: str) -> tuple[ModelSpec, Labelled | None]:
    folder = model_dir(model)
    manifest = read_manifest(folder)
    return manifest.spec, read_labelled(folder, manifest) if classes_of(manifest.spec) else None

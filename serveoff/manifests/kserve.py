"""The winner as KServe's InferenceService, where KServe has a runtime that serves its artifact.

Source of the runtimes, of what they support and where they look: KServe 0.16's documentation, "Model Serving Frameworks
Overview" and the pages of its frameworks; the paths are below the claim's folder of the model.
"""

import shlex
from dataclasses import dataclass
from typing import Final

from serveoff.manifests.pods import Manifest, Service, labels
from serveoff.manifests.volumes import ARTIFACTS, claim, claim_name
from serveoff.services.registry import Deployment

LAYOUT: Final = "kserve-layout"
FOLDER: Final = "/models"


@dataclass(frozen=True)
class Runtime:
    """One of KServe's: what it is called, what it calls the format, and where it finds the artifact."""

    name: str
    model_format: str
    version: str
    protocol: str
    artifact: str
    """The folder that it serves, in the model's."""
    layout: str = ""
    """What a shell does in the model's folder before, where the artifact has another layout; {model} is its name."""


_TENSORFLOW: Final = ("kserve-tensorflow-serving", "tensorflow")
BY_SERVER: Final = {
    ("tfserving", "savedmodel"): Runtime(*_TENSORFLOW, "2", "v1", "savedmodel"),
    ("tfserving", "frozen_graph"): Runtime(*_TENSORFLOW, "1", "v1", "frozen_graph/serving"),
}
"""Server and format, as they were measured, to the runtime that is the same server."""
BY_FORMAT: Final = {
    "onnx": Runtime(
        name="kserve-tritonserver",
        model_format="onnx",
        version="1",
        protocol="v2",
        artifact="triton",
        layout="mkdir -p triton/{model}/1 && cp -r onnx/. triton/{model}/1/",
    ),
}
"""Formats that KServe serves by a server that is not among ours."""


def runtime(deployment: Deployment) -> Runtime | None:
    """KServe's runtime for what the deployment serves; None where there is none."""
    same = BY_SERVER.get((deployment.server, deployment.format))
    return same or BY_FORMAT.get(deployment.format)


def remark(deployment: Deployment) -> str:
    """What to know of the runtime, or of there being none; empty where it is the server that was measured."""
    found = runtime(deployment)
    name = f"{deployment.name} ({deployment.format} on {deployment.server})"
    if found is None:
        return f"KServe has no runtime for {name}: deploy it by the Deployment of its own"
    if (deployment.server, deployment.format) not in BY_SERVER:
        return f"KServe serves {name} by another server, {found.name}, which was not measured"
    return ""


def inference_service(deployment: Deployment, service: Service, found: Runtime) -> list[Manifest]:
    """The InferenceService, with the limits of what was measured, and the Job that lays out its files where needed."""
    name = service_name(deployment.model)
    model: Manifest = {
        "modelFormat": {"name": found.model_format, "version": found.version},
        "runtime": found.name,
        "protocolVersion": found.protocol,
        "storageUri": f"pvc://{claim_name(ARTIFACTS)}/{deployment.model}/{found.artifact}",
    }
    if limits := service.container.get("resources"):
        model["resources"] = limits
    predictor = {"automountServiceAccountToken": False, "minReplicas": 1, "model": model}
    document = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name, "labels": labels(name, "winner")},
        "spec": {"predictor": predictor},
    }
    return [document, *([_layout(deployment.model, service, found.layout)] if found.layout else [])]


def service_name(model: str) -> str:
    """RFC 1123 has no underscore, and a name begins with a letter: `digits_cnn` is `digits-cnn`."""
    name = model.replace("_", "-").strip("-")
    return name if name[:1].isalpha() else f"model-{name}".rstrip("-")


def _layout(model: str, service: Service, script: str) -> Manifest:
    """Copies the artifact on the claim to where the runtime looks for it."""
    mount = claim(ARTIFACTS, FOLDER, read_only=False)
    found = labels(LAYOUT, "storage")
    folder = shlex.quote(f"{FOLDER}/{model}")
    container = {
        **service.waiting(LAYOUT, f"cd {folder} && {script.format(model=model)}"),
        "volumeMounts": [dict(mount.mount)],
    }
    pod = {**service.pod([container], restart="Never"), "volumes": [dict(mount.volume)]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": LAYOUT, "labels": found},
        "spec": {"backoffLimit": 3, "template": {"metadata": {"labels": found}, "spec": pod}},
    }

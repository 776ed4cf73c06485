"""The winner as KServe's InferenceService, where KServe has a runtime that serves its artifact.

Source of the runtimes, of what they support and of where they look for it: KServe 0.16's documentation, "Model Serving
Frameworks Overview" and the pages of its frameworks.
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from serveoff.manifests.pods import Manifest, Service, job, named
from serveoff.manifests.volumes import ARTIFACTS, claim, claim_name
from serveoff.models.spec import ModelSpec
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
    """What a shell does in the model's folder before, where the runtime wants another layout; MODEL is its name."""
    beware: str = ""
    """In what it differs from what was measured."""
    takes: Callable[[ModelSpec], bool] = lambda spec: True


def one_float_tensor(spec: ModelSpec) -> bool:
    """What TorchServe's base handler takes: rows of one float32 input, several at once, with one output."""
    return [t.dtype for t in spec.inputs] == ["float32"] and len(spec.outputs) == 1 and not spec.one_row


_TENSORFLOW: Final = ("kserve-tensorflow-serving", "tensorflow")
_TORCHSERVE: Final = """\
mkdir -p torchserve/config torchserve/model-store
torch-model-archiver --model-name MODEL --version 1.0 --serialized-file torchscript/model.pt --handler base_handler \
  --export-path torchserve/model-store --archive-format zip-store --force
cat > torchserve/config/config.properties <<END
inference_address=http://127.0.0.1:8085
management_address=http://127.0.0.1:8085
metrics_address=http://127.0.0.1:8082
grpc_inference_port=7070
grpc_management_port=7071
disable_token_authorization=true
enable_envvars_config=true
model_store=/mnt/models/model-store
model_snapshot={"name":"startup.cfg","modelCount":1,"models":{"MODEL":{"1.0":{"defaultVersion":true,\
"marName":"MODEL.mar","minWorkers":1,"maxWorkers":1,"batchSize":1,"maxBatchDelay":1,"responseTimeout":30}}}}
END
"""
BY_SERVER: Final = {
    ("tfserving", "savedmodel"): Runtime(*_TENSORFLOW, "2", "v1", "savedmodel"),
    ("tfserving", "frozen_graph"): Runtime(*_TENSORFLOW, "1", "v1", "frozen_graph/serving"),
    ("torchserve", "torchscript"): Runtime(
        name="kserve-torchserve",
        model_format="pytorch",
        version="1",
        protocol="v1",
        artifact="torchserve",
        layout=_TORCHSERVE,
        beware="by TorchServe's own handler, which was not measured; KServe may drop that runtime (pull request 5638)",
        takes=one_float_tensor,
    ),
}
"""Server and format, as they were measured, to the runtime that is the same server."""
BY_FORMAT: Final = {
    "onnx": Runtime(
        name="kserve-tritonserver",
        model_format="onnx",
        version="1",
        protocol="v2",
        artifact="triton",
        layout="mkdir -p triton/MODEL/1\ncp -r onnx/. triton/MODEL/1/\n",
        beware="by another server, Triton, which was not measured",
    ),
}
"""Formats that KServe serves by a server that is not among ours."""


def runtime(deployment: Deployment, spec: ModelSpec) -> Runtime | None:
    """KServe's runtime for what the deployment serves; None where there is none."""
    found = BY_SERVER.get((deployment.server, deployment.format)) or BY_FORMAT.get(deployment.format)
    return found if found is not None and found.takes(spec) else None


def remark(deployment: Deployment, found: Runtime | None) -> str:
    """What to know of the runtime, or of there being none; empty where it is what was measured."""
    name = f"{deployment.name} ({deployment.format} on {deployment.server})"
    if found is None:
        return f"KServe has no runtime for {name}: deploy it by the Deployment of its own"
    return f"KServe serves {name} {found.beware}" if found.beware else ""


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
    document = named("serving.kserve.io/v1beta1", "InferenceService", name, "winner", spec={"predictor": predictor})
    return [document, *([_layout(deployment.model, service, found.layout)] if found.layout else [])]


def service_name(model: str) -> str:
    """RFC 1123 has no underscore, and a name begins with a letter: `digits_cnn` is `digits-cnn`."""
    name = model.replace("_", "-").strip("-")
    return name if name[:1].isalpha() else f"model-{name}".rstrip("-")


def _layout(model: str, service: Service, script: str) -> Manifest:
    """Makes of the artifact on the claim what the runtime looks for."""
    models = claim(ARTIFACTS, FOLDER, read_only=False)
    mounts = [models, *(mount for mount in service.mounts if "emptyDir" in mount.volume)]
    text = f"set -e\ncd {shlex.quote(f'{FOLDER}/{model}')}\n{script.replace('MODEL', model)}"
    container = {**service.waiting(LAYOUT, text), "volumeMounts": [dict(mount.mount) for mount in mounts]}
    pod = {**service.pod([container], restart="Never"), "volumes": [dict(mount.volume) for mount in mounts]}
    return job(LAYOUT, "storage", pod, retries=3)

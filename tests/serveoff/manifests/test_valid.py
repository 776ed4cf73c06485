"""What is written, as Kubernetes, kustomize and KServe read it. No cluster runs it here."""

import copy
import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.serveoff.manifests.written import find, read, write

VERSIONS = ("1.31", "1.34", "1.37")
KSERVE = "serving.kserve.io/v1beta1"
KSERVE_SCHEMA = json.loads(Path(__file__).with_name("kserve_v1beta1.json").read_text())


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_one_of_this_version_of_kubernetes(base, version):
    objects = [o for o in read(base) if o["apiVersion"] != KSERVE]
    assert len(objects) > 30
    assert {kubernetes_validate.validate(o, version, strict=True) for o in objects} == {version}


def test_a_field_that_kubernetes_does_not_have_is_found(base):
    server = copy.deepcopy(find(read(base), "Deployment", "flask-torchscript"))
    server["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        kubernetes_validate.validate(server, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("folder", ["base", "kserve"])
def test_kustomize_builds_every_object_that_was_written(base, folder):
    if shutil.which("kubectl") is None:
        pytest.skip("SKIPPED LOUDLY: there is no kubectl (Debian: kubernetes-client); kustomize does not read the base")
    built = subprocess.run(["kubectl", "kustomize", base / folder], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert by_name(yaml.safe_load_all(built.stdout)) == by_name(read(base / folder))


def by_name(objects):
    return {(o["kind"], o["metadata"]["name"]): o for o in objects}


@pytest.mark.parametrize(
    "winner", ["tfserving-savedmodel", "tfserving-frozen-graph", "torchserve-torchscript", "flask-onnx"]
)
def test_an_inference_service_is_one_of_kserve(tmp_path, winner):
    service = find(write(tmp_path, "flask-torchscript", "--winner", winner), "InferenceService", "digits-cnn")
    jsonschema.validate(service, KSERVE_SCHEMA)
    kubernetes_validate.validate(
        {"apiVersion": "v1", "kind": "Pod", "metadata": service["metadata"], "spec": pod_of(service)}, VERSIONS[-1]
    )


def pod_of(service):
    """KServe's schema leaves Kubernetes' own types to Kubernetes: what a container of this name would be given."""
    model = service["spec"]["predictor"]["model"]
    return {"containers": [{"name": "kserve-container", "resources": model["resources"]}]}


def test_a_field_that_kserve_does_not_have_is_found(tmp_path):
    service = find(
        write(tmp_path, "flask-torchscript", "--winner", "tfserving-savedmodel"), "InferenceService", "digits-cnn"
    )
    service["spec"]["predictor"]["model"]["storageURI"] = "pvc://"
    with pytest.raises(jsonschema.ValidationError, match="storageURI"):
        jsonschema.validate(service, KSERVE_SCHEMA)

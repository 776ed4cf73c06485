"""Deployments of the registry in a cluster: each is there, hardened, and as large as docker-compose.yml says."""

import pytest

from serveoff.services.registry import RegistryError, read_registry
from tests.serveoff.manifests.written import find, pods, read, write

BLOCK = """
services:
  {name}:
    image: example.org/ours
    build: .
    user: "10001:10001"
    command: serve --port 9000 --greeting 'a b' $$HOME
    mem_limit: 1.5g
    cpuset: "0-2"
    volumes: ["artifacts:/models:ro", "{volume}"]
    tmpfs: ["/tmp:mode=1777"]
    environment: {{SERVING_FORMAT: torchscript, PATTERN: "$$(NAME)"}}
    healthcheck: {{test: "probe --ready", interval: 2s, timeout: 1s, start_period: 1m30s, retries: 2}}
    labels:
      serving.server: ours
      serving.format: torchscript
      serving.model: ${{MODEL:-digits_cnn}}
      serving.protocols: rest
      serving.launcher: nothing
      serving.path: /score/${{MODEL:-digits_cnn}}
      serving.port.rest: "9000"
      serving.port.admin: "9001"
      serving.ready: admin/live
"""


@pytest.fixture
def added(tmp_path, monkeypatch):
    """Add a block to the registry, as a file over docker-compose.yml; what is written with it."""

    def add(name="ours-torchscript", volume="./.env.example:/app/example:ro"):
        file = tmp_path / "more.yml"
        file.write_text(BLOCK.format(name=name, volume=volume))
        monkeypatch.setenv("COMPOSE_FILE", f"docker-compose.yml:{file}")
        return write(tmp_path / "out", name, "flask-torchscript")

    return add


def container(objects, name):
    return pods(objects)[name]["containers"][0]


def test_every_deployment_that_may_win_is_a_deployment_and_a_service(base):
    objects = read(base)
    wanted = {d.service for d in read_registry() if d.ports and not d.extra and d.format != "null"}
    assert len(wanted) == 11
    for kind in ("Deployment", "Service"):
        named = {o["metadata"]["name"] for o in objects if o["kind"] == kind}
        assert named >= wanted
        assert named & {"flask-tuned-null", "inprocess-savedmodel", "flask-onnx"} == set()


def test_a_block_that_is_added_to_the_registry_is_there_with_all_that_it_says(added):
    objects = added()
    ours = container(objects, "ours-torchscript")
    assert ours["image"].startswith("example.org/ours:")
    assert ours["args"] == ["serve", "--port", "9000", "--greeting", "a b", "$HOME"]
    assert {"name": "PATTERN", "value": "$$(NAME)"} in ours["env"], "Kubernetes would fill in $(NAME)"
    assert ours["resources"]["limits"] == {"cpu": "3", "memory": str(3 * 2**29)}
    assert ours["startupProbe"]["exec"]["command"] == ["sh", "-c", "probe --ready"]
    assert ours["startupProbe"]["failureThreshold"] * 2 >= 90
    assert ours["readinessProbe"]["httpGet"] == {"path": "/live", "port": "admin"}
    assert ours["livenessProbe"]["tcpSocket"] == {"port": "rest"}
    (port,) = find(objects, "Service", "ours-torchscript")["spec"]["ports"]
    assert (port["name"], port["port"]) == ("rest", 9000), "what manages it stays in its pod"
    url = "k8s-ours-torchscript-rest=http://ours-torchscript:9000/score/digits_cnn"
    assert url in container(objects, "compare")["args"]
    assert "SERVER_MEMORY" in find(objects, "ConfigMap", "serveoff-files")["data"][".env.example"]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"name": "ours_torchscript"}, "no Service can be called so"),
        ({"volume": "./docs:/app/docs"}, "./docs is a folder of this machine"),
    ],
)
def test_what_a_cluster_cannot_have_is_refused(added, block, said):
    with pytest.raises(RegistryError, match=said):
        added(**block)


def test_no_pod_may_do_more_than_it_needs(base):
    found = pods(read(base))
    assert len(found) > 15
    for name, pod in found.items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, name
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["runAsUser"] == 10001, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for one in (*pod["containers"], *pod.get("initContainers", [])):
            assert one["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert one["resources"]["requests"] == one["resources"]["limits"], name
            assert {"cpu", "memory"} <= set(one["resources"]["limits"]), name


def test_what_is_written_to_is_a_claim_or_memory(base):
    for name, pod in pods(read(base)).items():
        kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
        assert kinds <= {"persistentVolumeClaim", "configMap", "emptyDir"}, name
        named = {volume["name"] for volume in pod["volumes"]}
        for one in (*pod["containers"], *pod.get("initContainers", [])):
            assert {mount["name"] for mount in one["volumeMounts"]} <= named, name


def test_servers_read_models_and_wait_for_them(base):
    found = pods(read(base))
    for deployment in read_registry():
        if deployment.service in found:
            pod = found[deployment.service]
            (models,) = [v for v in pod["volumes"] if v["name"] == "artifacts"]
            assert models["persistentVolumeClaim"] == {"claimName": "serveoff-artifacts", "readOnly": True}
            assert "/models/digits_cnn/manifest.json" in pod["initContainers"][0]["command"][-1]


def test_files_that_containers_mount_are_in_the_config_map(base):
    objects = read(base)
    data = find(objects, "ConfigMap", "serveoff-files")["data"]
    assert data["start.sh"].startswith("#!/bin/sh")
    mounted = {
        mount["subPath"]
        for pod in pods(objects).values()
        for one in pod["containers"]
        for mount in one["volumeMounts"]
        if mount["name"] == "files"
    }
    assert mounted == set(data)


def test_limits_are_those_of_the_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVER_CPU_LIMIT", "1.5")
    monkeypatch.setenv("SERVER_MEMORY", "512m")
    server = container(write(tmp_path, "flask-torchscript"), "flask-torchscript")
    assert server["resources"]["limits"] == {"cpu": "1.5", "memory": "512Mi"}


def test_a_gpu_is_asked_for_where_the_files_for_it_are_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPOSE_FILE", "docker-compose.yml:docker-compose.gpu.yml")
    server = container(write(tmp_path, "flask-torchscript"), "flask-torchscript")
    assert server["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert server["image"] == "serveoff/flaskrest-torch:gpu"


def test_our_images_come_from_the_registry_that_is_named_and_others_from_their_own(tmp_path):
    objects = write(tmp_path, "tfserving-savedmodel", "flask-*", "--image-prefix", "registry.example.com/team/")
    assert container(objects, "flask-savedmodel")["image"].startswith(
        "registry.example.com/team/serveoff/flaskrest-tensorflow:"
    )
    assert container(objects, "tfserving-savedmodel")["image"] == "tensorflow/serving:2.19.1"

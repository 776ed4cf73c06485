"""The Compose files, the Dockerfiles and .env.example, as far as they can be checked without an engine."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from serveoff.models.spec import REPOSITORY
from tests.docker.stack import Stack

BASE = "docker-compose.yml"
OVERRIDES = sorted(path.name for path in REPOSITORY.glob("docker-compose.*.yml"))
COMBINATIONS = [(BASE,), *((BASE, override) for override in OVERRIDES), (BASE, *OVERRIDES)]
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
STAGES = {stage.split(maxsplit=1)[0]: stage for stage in re.split(r"^FROM \S+ AS ", DOCKERFILE, flags=re.MULTILINE)[1:]}
IMAGES = [name for name, stage in STAGES.items() if re.search("^(CMD|ENTRYPOINT) ", stage, flags=re.MULTILINE)]
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
SERVICES = yaml.safe_load((REPOSITORY / BASE).read_text())["services"]


def tool(name):
    return str(Path(sys.executable).with_name(name))


@pytest.fixture(scope="module")
def compose():
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        pytest.skip("SKIPPED LOUDLY: `docker compose` is not installed, the Compose files are not checked by it")


@pytest.mark.parametrize("files", COMBINATIONS, ids=lambda files: "+".join(files))
def test_compose_understands_the_files(compose, files):
    services = Stack("serveoff-test-config", files=files).config()
    assert set(SERVICES) <= set(services)


@pytest.mark.parametrize("file", [BASE, *OVERRIDES])
def test_compose_schema(file):
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(REPOSITORY / file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_hadolint():
    command = [tool("hadolint"), str(REPOSITORY / "Dockerfile")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("image", IMAGES)
def test_image_labels(image):
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]+)"', STAGES["runtime"] + STAGES[image]))
    assert labels["title"] == f"serveoff {image}"
    assert labels["description"]
    assert labels["licenses"] == "Apache-2.0"
    assert labels["version"] == version


@pytest.mark.parametrize("image", IMAGES)
def test_every_image_is_the_runtime_with_a_user_who_owns_nothing(image):
    assert f"FROM runtime AS {image}\n" in DOCKERFILE
    assert "\nUSER 10001:10001\n" in STAGES[image]


def test_every_image_has_a_service_that_builds_it(compose):
    services = Stack("serveoff-test-config").config()
    built = [service for service in services.values() if "build" in service]
    assert {service["build"]["target"] for service in built} == set(IMAGES)
    for service in built:
        assert service["build"]["dockerfile"] == "Dockerfile"
        assert service["image"] == f"serveoff/{service['build']['target']}"


def test_env_example_has_every_variable_with_its_default():
    defaults = {}
    for file in (BASE, *OVERRIDES):
        for name, default in VARIABLE.findall((REPOSITORY / file).read_text()):
            assert defaults.setdefault(name, default) == default, f"{name} has two defaults"
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    assert dict(line.split("=", 1) for line in lines if line and not line.startswith("#")) == defaults


def test_servers_have_core_0_unless_they_are_given_others():
    cpusets = {block.get("cpuset") for block in SERVICES.values() if "serving.server" in block.get("labels", {})}
    assert cpusets == {"${SERVER_CPUS:-0}"}


def test_env_example_changes_nothing(compose):
    def config(*options):
        command = ["docker", "compose", *options, "--profile", "*", "-f", BASE, "config", "--format", "json"]
        result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        return json.loads(result.stdout)

    assert config("--env-file", ".env.example") == config("--env-file", "/dev/null")


def test_all_containers_are_hardened_and_their_logs_rotate(compose):
    for name, service in Stack("serveoff-test-config").config().items():
        assert service["user"], name
        assert service["user"].split(":")[0] != "0", name
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert not service.get("cap_add"), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name


def test_all_ports_are_bound_to_the_loopback_address(compose):
    for name, service in Stack("serveoff-test-config").config().items():
        assert {port["host_ip"] for port in service.get("ports", [])} <= {"127.0.0.1"}, name


def test_servers_have_equal_cores_memory_and_models(compose):
    services = Stack("serveoff-test-config").config()
    servers = [service for service in services.values() if "serving.server" in service.get("labels", {})]
    assert len(servers) >= 14
    for setting in ("cpuset", "mem_limit", "cpus", "volumes", "user", "depends_on"):
        assert len({json.dumps(server.get(setting)) for server in servers}) == 1, setting
    assert all(volume["read_only"] for server in servers for volume in server["volumes"])


def test_the_limits_are_settings(compose):
    variables = {"SERVER_CPUS": "1", "SERVER_CPU_LIMIT": "0.5", "SERVER_MEMORY": "3g", "BIND": "127.0.0.2"}
    server = Stack("serveoff-test-config", variables).config()["flask-torchscript"]
    assert (server["cpuset"], server["cpus"], server["mem_limit"]) == ("1", 0.5, str(3 * 2**30))
    assert server["ports"][0]["host_ip"] == "127.0.0.2"


def test_locust_and_the_report_wait_for_every_server(compose):
    services = Stack("serveoff-test-config").config()
    servers = {
        name
        for name, service in services.items()
        if "serving.server" in service.get("labels", {}) and "ports" in service and "profiles" not in service
    }
    for waiting in ("locust", "report"):
        conditions = {name: how["condition"] for name, how in services[waiting]["depends_on"].items()}
        assert conditions == dict.fromkeys(servers, "service_healthy")
    for server in servers:
        assert services[server]["depends_on"]["export"]["condition"] == "service_completed_successfully"
        assert services[server]["healthcheck"]["test"]

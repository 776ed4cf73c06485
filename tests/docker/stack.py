"""The stack of the Compose files under a project and ports of its own, beside whatever else runs on this machine."""

import json
import os
import re
import subprocess
from dataclasses import dataclass, field

import docker

from serveoff.models.spec import REPOSITORY
from tests.ports import free_ports

FILES = ("docker-compose.yml", "docker-compose.embedded.yml")
"""With the embedded model server: the official image of TensorFlow Serving cannot be pulled everywhere."""
PORT_VARIABLE = re.compile(r":\$\{(\w+):-\d+\}:\d+")


def own_ports():
    """A free port for every variable that publishes one."""
    texts = [path.read_text() for path in sorted(REPOSITORY.glob("docker-compose*.yml"))]
    names = sorted({name for text in texts for name in PORT_VARIABLE.findall(text)})
    return {name: str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}


def server_cpus():
    """The cores of the tests' own servers: two where there are as many, for all of them start together."""
    return "0,1" if (os.cpu_count() or 1) > 1 else "0"


@dataclass(frozen=True)
class Stack:
    """One Compose project; `variables` go over the environment's."""

    project: str
    variables: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = FILES

    @property
    def environ(self):
        """What Compose, and the registry's reader, see."""
        return {**os.environ, "COMPOSE_FILE": ":".join(self.files), **self.variables}

    def compose(self, *arguments, check=True):
        """Run `docker compose`; its output is in the failure's message."""
        command = ["docker", "compose", "--ansi", "never", "-p", self.project, *arguments]
        result = subprocess.run(command, cwd=REPOSITORY, env=self.environ, capture_output=True, text=True, check=False)
        assert not check or result.returncode == 0, f"{' '.join(command)}\n{result.stdout}{result.stderr}"
        return result

    def build(self):
        """Build every image; what was printed, a line for each step."""
        result = self.compose("--profile", "*", "--progress", "plain", "build")
        return result.stdout + result.stderr

    def config(self):
        """The services as Compose understands them."""
        return json.loads(self.compose("--profile", "*", "config", "--format", "json").stdout)["services"]

    def container(self, service):
        """The newest container of a service, stopped ones too."""
        found = self.containers(service)
        assert found, f"no container of {service}"
        return found[0]

    def containers(self, service=None):
        """Every container of the project, or of one of its services."""
        labels = [f"com.docker.compose.project={self.project}"]
        labels += [f"com.docker.compose.service={service}"] if service else []
        return docker.from_env().containers.list(all=True, filters={"label": labels})

    def inside(self, service, *command):
        """What a command prints in a service's container."""
        return self.container(service).exec_run(list(command)).output.decode()

    def health(self, service):
        """What the engine says of a service: starting, healthy or unhealthy."""
        return self.container(service).attrs["State"]["Health"]["Status"]

    def remains(self):
        """Names of what the engine still has of the project."""
        client, label = docker.from_env(), {"label": f"com.docker.compose.project={self.project}"}
        kinds = (client.containers.list(all=True, filters=label), client.networks.list(filters=label))
        return [item.name for kind in (*kinds, client.volumes.list(filters=label)) for item in kind]

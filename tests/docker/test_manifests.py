"""The containers of Kubernetes' manifests do on an engine what they are written for; a cluster does not run here."""

import pytest

from tests.command_line import MEASURED
from tests.docker.pods import Node, containers_of
from tests.serveoff.manifests.written import write
from tests.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.slow]

COMPARED = ("flask-torchscript", "flask-tuned-torchscript")
SHORT = ("--rounds", "2", "--concurrency", "1")


@pytest.fixture
def node(stack, tmp_path, request):
    """Starts containers of the manifests of some deployments beside the stack; afterwards they are gone."""
    objects = write(tmp_path / "manifests", *request.param)
    started = []

    class Noted(Node):
        def start(self, *arguments):
            started.append(super().start(*arguments))
            return started[-1]

    yield Noted(stack.project, tmp_path, objects)
    for container in started:
        container.remove(force=True)


def ended(container):
    """Its exit code, and what it said."""
    code = container.wait(timeout=240)["StatusCode"]
    return code, container.logs().decode()


@pytest.mark.parametrize("node", [("torchserve-torchscript",)], indirect=True, ids="".join)
def test_a_server_comes_up_when_the_models_are_there_and_its_probes_see_it(node):
    pod, (wait, server) = containers_of(node.objects, "torchserve-torchscript")
    assert ended(node.start(pod, wait)) == (0, "")
    container = node.start(pod, server)
    probe = server["startupProbe"]["exec"]["command"]
    wait_until(lambda: container.exec_run(probe).exit_code == 0, container.name, 120)
    page, ports = server["readinessProbe"]["httpGet"], {p["name"]: p["containerPort"] for p in server["ports"]}
    look = f"from urllib.request import urlopen; urlopen('http://127.0.0.1:{ports[page['port']]}{page['path']}')"
    assert container.exec_run(["python", "-c", look]).exit_code == 0


@pytest.mark.parametrize("node", [COMPARED], indirect=True, ids="-".join)
def test_the_job_attaches_to_the_services_by_their_names_and_keeps_a_run(node):
    """The stack's services are called as the manifests' are."""
    pod, (*waits, compare) = containers_of(node.objects, "compare")
    for wait in waits:
        assert ended(node.start(pod, wait)) == (0, "")
    code, said = ended(node.start(pod, compare, *SHORT))
    assert code in MEASURED, said
    code, listed = ended(node.start(pod, {**compare, "args": ["runs"]}))
    assert code == 0
    assert "digits_cnn" in listed

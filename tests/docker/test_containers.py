"""The running containers, as seen from inside and as the engine describes them."""

import json
from datetime import datetime

import docker
import pytest

from serveoff.models.spec import REPOSITORY

pytestmark = [pytest.mark.docker, pytest.mark.slow]

TRY_TO_WRITE = "for folder in / /app /etc /opt/venv /models /tmp; do touch $folder/x && echo $folder; done"


@pytest.fixture(scope="module")
def running(stack):
    """Every service that `up` started and that goes on: its name and its container."""
    found = {container.labels["com.docker.compose.service"]: container for container in stack.containers()}
    assert found.pop("export").attrs["State"]["ExitCode"] == 0
    assert len(found) == 14
    assert {container.status for container in found.values()} == {"running"}
    return found


def status(container):
    """The first process's /proc/1/status."""
    text = container.exec_run(["cat", "/proc/1/status"]).output.decode()
    return {name: value.split() for name, _, value in (line.partition(":") for line in text.splitlines())}


def test_the_first_process_is_nobody_and_may_do_nothing(running):
    for service, container in running.items():
        found = status(container)
        assert set(found["Uid"]) == {"10001"}, service
        assert set(found["Gid"]) == {"10001"}, service
        assert {int(found[name][0], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}, service
        assert found["NoNewPrivs"] == ["1"], service


def test_nothing_but_tmp_can_be_written(running):
    for service, container in running.items():
        code, (output, errors) = container.exec_run(["sh", "-c", TRY_TO_WRITE], demux=True)
        assert (output or b"").split() == [b"/tmp"], (service, code, errors)


def test_the_engine_says_so_too(running):
    for service, container in running.items():
        host = container.attrs["HostConfig"]
        assert container.attrs["Config"]["User"] == "10001:10001", service
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"], service
        assert not host["CapAdd"], service
        assert not host["Privileged"], service
        assert "no-new-privileges:true" in host["SecurityOpt"], service
        assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}, service
        assert host["RestartPolicy"]["Name"] == "unless-stopped", service


def test_models_are_read_only_but_for_the_export(stack, running):
    for service, container in running.items():
        mounts = {mount["Destination"]: mount["RW"] for mount in container.attrs["Mounts"]}
        assert service == "report" or mounts["/models"] is False, service
        assert service != "report" or mounts["/results"] is False
    exported = {mount["Destination"]: mount["RW"] for mount in stack.container("export").attrs["Mounts"]}
    assert exported["/models"] is True


def test_servers_have_equal_limits_and_cores(stack, running):
    servers = [name for name, service in stack.config().items() if "serving.server" in service.get("labels", {})]
    seen = {
        (
            tuple(status(running[name])["Cpus_allowed_list"]),
            running[name].attrs["HostConfig"]["CpusetCpus"],
            running[name].attrs["HostConfig"]["Memory"],
            running[name].attrs["HostConfig"]["NanoCpus"],
        )
        for name in servers
        if name in running
    }
    cores = stack.variables["SERVER_CPUS"]
    assert seen == {((cores.replace(",", "-"),), cores, 4 * 2**30, 0)}


def test_ports_are_published_on_the_loopback_address_only(running):
    for service, container in running.items():
        bindings = [binding for ports in container.ports.values() for binding in ports or []]
        assert bindings, service
        assert {binding["HostIp"] for binding in bindings} == {"127.0.0.1"}, service


def test_export_completed_then_servers_were_healthy_then_locust_and_the_report_started(stack, running):
    def moment(text):
        return datetime.fromisoformat(text[:26] + "+00:00")

    exported = moment(stack.container("export").attrs["State"]["FinishedAt"])
    starts = {name: moment(container.attrs["State"]["StartedAt"]) for name, container in running.items()}
    last = min(starts.pop("locust"), starts.pop("report"))
    assert all(exported < start < last for start in starts.values())
    for name in starts:
        checks = running[name].attrs["State"]["Health"]["Log"]
        assert running[name].attrs["State"]["Health"]["Status"] == "healthy"
        assert {check["ExitCode"] for check in checks[-1:]} == {0}


def test_a_second_up_starts_nothing_anew(stack, running):
    stack.compose("up", "--no-build", "--wait", "--wait-timeout", "120")
    client = docker.from_env()
    assert {client.containers.get(c.id).attrs["State"]["StartedAt"] for c in running.values()} == {
        container.attrs["State"]["StartedAt"] for container in running.values()
    }


def test_locust_has_the_registry_and_the_golden_inputs(stack):
    code = (
        "import json; from serveoff.loadtests import endpoints, samples; "
        "print(json.dumps([[t.name for t in endpoints.running()], len(samples.golden_inputs('digits_cnn')['image'])]))"
    )
    names, rows = json.loads(stack.inside("locust", "python", "-c", code).splitlines()[-1])
    assert rows == 64
    assert len(names) == 15
    assert {"tfserving-embedded-savedmodel-grpc", "torchserve-torchscript-rest", "flask-tuned-null-rest"} <= set(names)


def test_the_report_reads_the_results_folder(running):
    source = {mount["Destination"]: mount["Source"] for mount in running["report"].attrs["Mounts"]}["/results"]
    assert source == str(REPOSITORY / "results")

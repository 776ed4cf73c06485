import pytest

from serveoff.services.settings import Settings
from serveoff.services.torchserve.healthcheck import is_ready
from tests.services.torchserve.running import free_ports
from tests.waiting import wait_until


def test_no_server_is_not_ready(tmp_path):
    (port,) = free_ports(1)
    assert not is_ready(Settings(model_dir=tmp_path, format="torchscript", management_port=port))


@pytest.mark.slow
def test_the_check_fails_while_a_worker_is_gone_and_recovers(server):
    assert server.healthcheck() == 0
    worker = next(process for process in server.family() if "model_service_worker" in " ".join(process.cmdline()))
    worker.kill()
    wait_until(lambda: server.healthcheck() == 1)
    assert "Healthy" in server.get("REST", "/ping")  # why the check does not ask it
    wait_until(lambda: server.healthcheck() == 0)
    assert [state["pid"] for state in server.workers()] != [worker.pid]

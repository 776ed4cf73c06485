"""Health checks tell the truth: a TorchServe whose workers are dead still answers its own `/ping` with Healthy."""

import pytest

from tests.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.long]

SERVICE = "torchserve-torchscript"
KILL_WORKERS = """
while [ ! -e /tmp/let-live ]; do
    for process in /proc/[0-9]*; do
        grep -qs '[m]odel_service_worker' $process/cmdline && kill -9 ${process#/proc/}
    done
    sleep 0.2
done
rm /tmp/let-live
"""


def test_torchserve_without_a_ready_worker_is_unhealthy_within_a_minute(stack):
    assert stack.health(SERVICE) == "healthy"
    stack.container(SERVICE).exec_run(["bash", "-c", KILL_WORKERS], detach=True)
    try:
        wait_until(lambda: stack.health(SERVICE) == "unhealthy")
        ping = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8501/ping', timeout=5).read().decode())"
        assert "Healthy" in stack.inside(SERVICE, "python", "-c", ping)
    finally:
        stack.inside(SERVICE, "touch", "/tmp/let-live")
    wait_until(lambda: stack.health(SERVICE) == "healthy", seconds=120)

"""What the kernel's counters say, in both versions of control groups."""

import pytest

from serveoff.measure.audit.cgroups import control_groups
from serveoff.measure.runtimes.containers.usage import version_1, version_2

NETWORK = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  999       1    0    0    0     0          0         0      999       1    0    0    0     0       0          0
  eth0: 1200      10    0    0    0     0          0         0     3400      12    0    0    0     0       0          0
"""  # noqa: E501


@pytest.fixture
def network(tmp_path):
    (tmp_path / "dev").write_text(NETWORK)
    return tmp_path / "dev"


def test_version_2(tmp_path, network):
    groups = control_groups("0::/system.slice/docker-abc.scope\n", tmp_path)
    folder = tmp_path / "system.slice" / "docker-abc.scope"
    folder.mkdir(parents=True)
    (folder / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 2000000\nthrottled_usec 400000\n")
    sample = version_2(groups, network)
    assert (sample.cpu_s, sample.throttled_s) == (2.5, pytest.approx(0.4))
    assert (sample.network_in_bytes, sample.network_out_bytes) == (1200, 3400)


def test_version_1(tmp_path, network):
    lines = "".join(f"1:{name}:/docker/abc\n" for name in ("cpu", "cpuacct")) + "0::/docker/abc\n"
    groups = control_groups(lines, tmp_path)
    for name in ("cpu", "cpuacct"):
        (tmp_path / name / "docker" / "abc").mkdir(parents=True)
    (groups["cpuacct"] / "cpuacct.usage").write_text("1500000000\n")
    (groups["cpu"] / "cpu.stat").write_text("nr_periods 3\nnr_throttled 1\nthrottled_time 20000000\n")
    sample = version_1(groups, network)
    assert (sample.cpu_s, sample.throttled_s) == (1.5, pytest.approx(0.02))

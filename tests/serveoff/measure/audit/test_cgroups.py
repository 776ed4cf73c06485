"""Files of control groups, as kernels write them, and a group of this machine."""

import subprocess
import sys
from contextlib import suppress
from uuid import uuid4

import pytest

from serveoff.measure.audit.cgroups import (
    control_groups,
    cpu_limit,
    cpu_quotas,
    held_back_s,
    memory_left,
    memory_limit,
    own_groups,
)

IN_GROUP = """
import os, sys
from pathlib import Path
from serveoff.measure.audit.cgroups import cpu_limit, cpu_quotas, held_back_s, own_groups
group = Path(sys.argv[1])
(group / "cgroup.procs").write_text(str(os.getpid()))
limited = cpu_quotas(own_groups())
before_s = held_back_s(limited)
while held_back_s(limited) == before_s:
    pass
print(cpu_limit(own_groups()), group in limited)
"""
"""Works until the kernel holds it back."""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_group_is_held_by_the_limits_of_those_above_it(tmp_path):
    write(tmp_path / "user.slice/session/memory.max", "max\n")
    write(tmp_path / "user.slice/memory.max", "4294967296\n")
    assert memory_limit("0::/user.slice/session\n", tmp_path) == 2**32
    assert memory_limit("0::/other\n", tmp_path) is None


def test_version_1_says_no_limit_by_a_large_number(tmp_path):
    write(tmp_path / "memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n")
    groups = "5:cpuset:/docker/abc\n4:memory:/docker/abc\n0::/\n"
    assert memory_limit(groups, tmp_path) is None
    write(tmp_path / "memory/memory.limit_in_bytes", "1073741824\n")
    assert memory_limit(groups, tmp_path) == 2**30


def test_a_group_that_cannot_be_seen_from_here_is_held_by_the_root_that_can(tmp_path):
    write(tmp_path / "memory/memory.limit_in_bytes", "1073741824\n")
    assert memory_limit("4:memory:/docker/elsewhere\n", tmp_path) == 2**30


def test_controllers_that_share_a_mount_share_a_folder(tmp_path):
    groups = control_groups("4:cpu,cpuacct:/docker/abc\n", tmp_path)
    assert groups["cpu"] == groups["cpuacct"] == tmp_path / "cpu,cpuacct" / "docker" / "abc"


def test_the_smallest_share_of_cpu_time_counts_in_both_versions(tmp_path):
    write(tmp_path / "pod/cpu.max", "150000 100000\n")
    write(tmp_path / "pod/server/cpu.max", "max 100000\n")
    assert cpu_limit("0::/pod/server\n", tmp_path) == 1.5
    assert cpu_limit("0::/other\n", tmp_path) is None
    folder = tmp_path / "cpu,cpuacct"
    write(folder / "docker/abc/cpu.cfs_quota_us", "50000\n")
    write(folder / "docker/abc/cpu.cfs_period_us", "100000\n")
    write(folder / "cpu.cfs_quota_us", "-1\n")
    write(folder / "cpu.cfs_period_us", "100000\n")
    assert cpu_limit("4:cpu,cpuacct:/docker/abc\n", tmp_path) == 0.5
    assert cpu_limit("4:cpu,cpuacct:/elsewhere\n", tmp_path) is None


def test_what_is_left_is_the_least_that_a_group_or_one_above_it_has_room_for_with_files_that_are_only_kept(tmp_path):
    write(tmp_path / "user.slice/memory.max", "4000\n")
    write(tmp_path / "user.slice/memory.current", "3500\n")
    write(tmp_path / "user.slice/memory.stat", "anon 2900\nactive_file 100\ninactive_file 400\n")
    write(tmp_path / "user.slice/session/memory.max", "2000\n")
    write(tmp_path / "user.slice/session/memory.current", "1200\n")
    write(tmp_path / "user.slice/session/memory.stat", "anon 1100\ninactive_file 250\n")
    assert memory_left("0::/user.slice/session\n", tmp_path) == 4000 - 3500 + 400
    write(tmp_path / "user.slice/memory.max", "max\n")
    assert memory_left("0::/user.slice/session\n", tmp_path) == 2000 - 1200 + 250
    assert memory_left("0::/other\n", tmp_path) is None
    assert memory_left("", tmp_path) is None


def test_in_version_1_files_of_the_groups_below_are_kept_too(tmp_path):
    folder = tmp_path / "memory/docker/abc"
    write(folder / "memory.limit_in_bytes", "2000\n")
    write(folder / "memory.usage_in_bytes", "1200\n")
    write(folder / "memory.stat", "inactive_file 10\ntotal_inactive_file 250\n")
    assert memory_left("4:memory:/docker/abc\n", tmp_path) == 2000 - 1200 + 250


def test_the_groups_with_a_limit_are_those_whose_counters_are_read(tmp_path):
    write(tmp_path / "pod/cpu.max", "60000 100000\n")
    write(tmp_path / "pod/cpu.stat", "usage_usec 9000000\nnr_throttled 4\nthrottled_usec 400000\n")
    write(tmp_path / "pod/server/cpu.max", "200000 100000\n")
    write(tmp_path / "pod/server/cpu.stat", "usage_usec 8000000\nnr_throttled 1\nthrottled_usec 50000\n")
    write(tmp_path / "pod/server/run/cpu.max", "max 100000\n")
    write(tmp_path / "pod/server/run/cpu.stat", "usage_usec 7000000\nnr_throttled 0\nthrottled_usec 10000000\n")
    limited = cpu_quotas("0::/pod/server/run\n", tmp_path)
    assert limited == {tmp_path / "pod/server": 2.0, tmp_path / "pod": 0.6}
    assert held_back_s(limited) == pytest.approx(0.45)


def test_version_1_counts_throttled_time_in_nanoseconds(tmp_path):
    folder = tmp_path / "cpu/docker/abc"
    write(folder / "cpu.cfs_quota_us", "60000\n")
    write(folder / "cpu.cfs_period_us", "100000\n")
    write(folder / "cpu.stat", "nr_periods 3\nnr_throttled 1\nthrottled_time 20000000\n")
    assert held_back_s(cpu_quotas("4:cpu:/docker/abc\n", tmp_path)) == pytest.approx(0.02)


def test_without_a_limit_no_counter_is_read(tmp_path):
    def unread(path):
        raise AssertionError(path)

    assert held_back_s((), unread) is None
    assert cpu_quotas("0::/other\n", tmp_path) == cpu_quotas("", tmp_path) == {}


@pytest.fixture
def limited_group():
    """A group below our own that may take a fifth of a core."""
    groups = control_groups(own_groups())
    group = groups["cpu" if "cpu" in groups else ""] / f"serveoff-test-{uuid4().hex}"
    files = {"cpu.cfs_quota_us": "20000"} if "cpu" in groups else {"cpu.max": "20000 100000"}
    try:
        group.mkdir()
        for name, text in files.items():
            (group / name).write_text(text)
    except OSError as error:
        with suppress(OSError):
            group.rmdir()
        pytest.skip(f"NO CONTROL GROUP CAN BE MADE HERE, so a real CPU limit was not tried: {error}")
    yield group
    group.rmdir()


@pytest.mark.skipif(not own_groups(), reason="THERE ARE NO CONTROL GROUPS HERE, so a real CPU limit was not tried")
def test_a_process_in_a_group_with_a_limit_finds_it_and_what_it_costs(limited_group):
    command = [sys.executable, "-c", IN_GROUP, str(limited_group)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout.split() == ["0.2", "True"]


def test_a_container_s_files_are_read_from_inside_it(tmp_path):
    inside = {tmp_path / "memory.max": "1073741824\n", tmp_path / "cpu.max": "200000 100000\n"}
    assert memory_limit("0::/\n", tmp_path, lambda path: inside.get(path, "")) == 2**30
    assert cpu_limit("0::/\n", tmp_path, lambda path: inside.get(path, "")) == 2.0

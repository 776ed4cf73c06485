"""Files of control groups, as kernels write them."""

from serveoff.measure.audit.cgroups import (
    control_groups,
    cpu_limit,
    memory_left,
    memory_limit,
)


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


def test_a_container_s_files_are_read_from_inside_it(tmp_path):
    inside = {tmp_path / "memory.max": "1073741824\n", tmp_path / "cpu.max": "200000 100000\n"}
    assert memory_limit("0::/\n", tmp_path, lambda path: inside.get(path, "")) == 2**30
    assert cpu_limit("0::/\n", tmp_path, lambda path: inside.get(path, "")) == 2.0

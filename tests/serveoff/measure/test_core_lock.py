"""Cores belong to one run at a time, whoever has them and however it ends."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from serveoff.errors import CoresBusy, ExitCode, NotWritten
from serveoff.measure import run_lifecycle
from serveoff.measure.core_lock import check_cores, cores_locked, lock_folder
from serveoff.measure.plan.profiles import run_settings

HOLDER = """
import sys
from serveoff.measure.core_lock import cores_locked
with cores_locked([0, 1], "run 20260101-000000-abcd"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_LOCKS", str(tmp_path))
    return tmp_path


@pytest.fixture
def holder():
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_folder_that_takes_no_locks_is_named_with_the_variable_of_another(folder, monkeypatch):
    (folder / "file").write_text("")
    monkeypatch.setenv("SERVEOFF_LOCKS", str(folder / "file"))
    with pytest.raises(NotWritten, match="file: it is not a folder") as failed:
        check_cores([0])
    assert failed.value.hint == "name another folder: SERVEOFF_LOCKS=FOLDER"


@pytest.fixture
def locks(tmp_path, monkeypatch):
    """A system's folder of locks, which all may write to."""
    monkeypatch.delenv("SERVEOFF_LOCKS")
    monkeypatch.setattr(sys, "platform", "linux")
    (tmp_path / "lock").mkdir()
    (tmp_path / "lock").chmod(0o1777)
    return tmp_path / "lock"


def test_locks_of_runs_whose_temporary_folders_differ_lie_in_one_folder(locks, monkeypatch):
    found = []
    for temporary in ("/tmp/a", "/tmp/b"):
        monkeypatch.setattr(tempfile, "tempdir", temporary)
        found.append(lock_folder(locks))
    assert found == [locks, locks]


@pytest.mark.parametrize("mode", [0o755, 0o775, 0o777])
def test_a_folder_that_is_not_open_to_all_users_and_safe_from_each_other_is_left_to_whom_it_belongs(locks, mode):
    locks.chmod(mode)
    assert lock_folder(locks) == lock_folder(locks / "none") == Path("/tmp")


def test_on_macos_they_lie_in_the_temporary_folder_of_the_user(locks, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert lock_folder(locks) == Path(tempfile.gettempdir())


def test_the_folder_that_is_named_comes_before_all(locks, monkeypatch):
    monkeypatch.setenv("SERVEOFF_LOCKS", "/elsewhere")
    assert lock_folder(locks) == Path("/elsewhere")


def test_a_second_run_is_refused_with_the_first_one_s_id(holder):
    with pytest.raises(CoresBusy, match="core 1 is in use by run 20260101-000000-abcd") as refused:
        check_cores([1])
    assert "--server-cpus" in refused.value.hint
    assert refused.value.exit_code == ExitCode.BUSY


def test_it_is_refused_before_anything_is_trained_or_made(holder):
    settings = run_settings("quick", model="digits_cnn", server_cpus=[0], client_cpus=[1])
    with pytest.raises(CoresBusy, match="core 0"):
        run_lifecycle.check(settings)


def test_other_cores_are_free(holder):
    with cores_locked([2, 3], "b"):
        pass


def test_a_run_that_is_killed_lets_go(holder):
    holder.kill()
    holder.wait()
    check_cores([0, 1])


def test_what_is_taken_is_let_go_where_the_rest_is_not_to_be_had(holder):
    with pytest.raises(CoresBusy), cores_locked([1, 7], "b"):
        pass
    check_cores([7])


def test_a_lock_can_be_taken_by_every_user_and_follows_no_link(folder):
    check_cores([5])
    assert stat.S_IMODE((folder / "serveoff-core-5.lock").stat().st_mode) == 0o666
    (folder / "elsewhere").write_text("precious")
    os.symlink(folder / "elsewhere", folder / "serveoff-core-6.lock")
    with pytest.raises(NotWritten, match="symbolic link"):
        check_cores([6])
    assert (folder / "elsewhere").read_text() == "precious"

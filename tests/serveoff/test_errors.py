"""What keeps us from writing is a failure that a user can act on; other errors of the system stay what they are."""

import os
import subprocess
from pathlib import Path

import pytest

from serveoff.errors import ExitCode, NotWritten, check_writable, writing_to


def write(folder):
    with writing_to(folder, "free some space"):
        (folder / "file").write_text("text")


def test_a_full_disk_is_named_with_the_folder_the_cause_and_the_next_step(tmp_path):
    (tmp_path / "file").symlink_to("/dev/full")
    with pytest.raises(NotWritten, match=f"cannot write to {tmp_path}: No space left on device") as failed:
        write(tmp_path)
    assert (failed.value.hint, failed.value.exit_code) == ("free some space", ExitCode.UNWRITABLE)


def test_so_are_a_folder_that_is_gone_and_what_is_no_folder(tmp_path):
    (tmp_path / "text").write_text("")
    for name, cause in (("gone", "it was removed"), ("text", "it is not a folder")):
        with pytest.raises(NotWritten, match=f"{name}: {cause}"):
            write(tmp_path / name)


def test_a_full_folder_elsewhere_is_named_itself(tmp_path):
    def fill():
        with writing_to(tmp_path / "results", ""):
            raise OSError(28, "No space left on device", "/tmp/made")

    with pytest.raises(NotWritten, match="cannot write to /tmp/made: No space left"):
        fill()


def test_other_errors_of_the_system_pass(tmp_path):
    def start():
        with writing_to(tmp_path, ""):
            subprocess.run([tmp_path.parent / "no such program"], check=True)

    def connect():
        with writing_to(tmp_path, ""):
            raise ConnectionRefusedError(111, "Connection refused")

    for body, error in ((start, FileNotFoundError), (connect, ConnectionRefusedError)):
        with pytest.raises(error):
            body()


def test_a_folder_is_tried_before_it_is_needed_and_not_made(tmp_path):
    check_writable(tmp_path / "a" / "b", "WHERE")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(NotWritten, match="file: it is not a folder") as failed:
            check_writable(path, "WHERE")
        assert failed.value.hint == "name another folder: WHERE=FOLDER"


def test_where_no_folder_can_be_looked_at_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    for name, cause in ((300 * "a", "File name too long"), ("loop/below", "Too many levels of symbolic links")):
        with pytest.raises(NotWritten, match=cause) as failed:
            check_writable(tmp_path / name, "WHERE")
        assert failed.value.hint == "name another folder: WHERE=FOLDER"


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_folder_below_one_that_is_closed_is_refused(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(NotWritten, match="Permission denied"):
        check_writable(tmp_path / "closed" / "below", "WHERE")


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    for path in (tmp_path, tmp_path / "below"):
        with pytest.raises(NotWritten, match="Permission denied"):
            check_writable(path, "WHERE")


@pytest.mark.skipif(not Path("/sys/kernel").is_dir() or os.geteuid() != 0, reason="no folder that binds root, too")
def test_a_folder_that_takes_no_files_is_refused_to_root_too():
    with pytest.raises(NotWritten):
        check_writable(Path("/sys/kernel/serveoff"), "WHERE")

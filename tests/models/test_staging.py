import signal
import subprocess
import sys

import pytest

from serveoff.models.staging import locked, staged


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "content").write_text("old")
    return folder


def others(target):
    return [path.name for path in target.parent.iterdir() if path.is_dir() and path != target]


@pytest.mark.parametrize("there_before", [True, False])
def test_a_block_that_ends_well_replaces_the_folder(tmp_path, target, there_before):
    target = target if there_before else tmp_path / "another" / "new"
    with locked(target), staged(target) as folder:
        (folder / "content").write_text("new")
        (folder / "more").write_text("more")
    assert (target / "content").read_text() == "new"
    assert (target / "more").exists()
    assert [name for name in others(target) if name.startswith(".")] == []


def test_a_block_that_fails_leaves_the_old_folder_alone(target):
    def interrupted(folder):
        (folder / "content").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), locked(target), staged(target) as folder:
        interrupted(folder)
    assert (target / "content").read_text() == "old"
    assert others(target) == []


def test_a_killed_writer_leaves_the_old_folder_and_the_next_one_clears_up(target):
    code = (
        "import pathlib, sys, time\nfrom serveoff.models.staging import locked, staged\n"
        "target = pathlib.Path(sys.argv[1])\n"
        "with locked(target), staged(target) as folder:\n"
        "    (folder / 'content').write_text('half')\n    print('written', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, target], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "written\n"
        writer.send_signal(signal.SIGKILL)
    assert (target / "content").read_text() == "old"
    assert len(others(target)) == 1
    with locked(target):
        assert others(target) == []
    assert (target / "content").read_text() == "old"


def test_a_writer_killed_between_two_renames_is_made_good(target):
    """Where the file system cannot exchange two folders in one step."""
    target.rename(target.parent / ".model.new-old")
    with locked(target):
        assert (target / "content").read_text() == "old"
        assert others(target) == []


def test_a_file_system_that_cannot_exchange_folders_gets_two_renames(target, monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    with locked(target), staged(target) as folder:
        (folder / "content").write_text("new")
    assert (target / "content").read_text() == "new"
    assert others(target) == []


def test_another_model_s_leftovers_are_not_touched(target):
    other = target.parent / ".model2.new-abc"
    other.mkdir()
    with locked(target):
        assert other.exists()

import io
import os
import subprocess
import sys
import tempfile

import pytest
from rich.console import Console

from serveoff.measure.leftovers import remove_leftovers, scratch, temporary_folder
from serveoff.measure.watchdog import runner_id
from serveoff.services import temporary


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """The temporary folder and that of results, both empty."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(temporary, "SHORT", tmp_path / "short")
    monkeypatch.setenv("SERVEOFF_RESULTS", str(tmp_path / "results"))
    (tmp_path / "tmp").mkdir()
    return tmp_path


def said_by_removing():
    console = Console(file=io.StringIO(), width=200)
    remove_leftovers(console)
    return console.file.getvalue()


def test_folders_of_a_runner_that_is_gone_are_removed_and_said_in_one_line(folders):
    gone = runner_id().rpartition("-")[0] + "-1"
    for path in (f"tmp/serveoff-{gone}-abc", f"short/serveoff-{gone}-abc", f"results/run/logs/scratch-{gone}"):
        (folders / path / "within").mkdir(parents=True)
    said = said_by_removing()
    assert said.startswith("removed leftovers of a killed run: ")
    assert said.endswith("folders: 3\n")
    assert said.count("\n") == 1
    assert list((folders / "tmp").iterdir()) == list((folders / "results/run/logs").iterdir()) == []


def test_what_a_killed_writer_had_written_of_a_file_is_removed(folders):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    rows = folders / "results/run/rows"
    rows.mkdir(parents=True)
    for path in (rows.parent / f".run.json.{ended.pid}", rows / f".000001.parquet.{ended.pid}"):
        path.write_text("{")
    kept = [rows.parent / "run.json", rows.parent / f".run.json.{os.getpid()}", rows / ".hidden"]
    kept.append(rows.parent / f".notes.{ended.pid}")
    for path in kept:
        path.write_text("{}")
    assert said_by_removing() == "removed leftovers of a killed run: files: 2\n"
    assert sorted(path for path in rows.parent.rglob("*") if path.is_file()) == sorted(kept)


def test_folders_of_this_runner_of_other_machines_and_of_others_stay_and_nothing_is_said(folders):
    scratch(folders / "results/run/logs").mkdir(parents=True)
    for name in ("serveoff-00000000-1-2-abc", "serveoff-mine", "other"):
        (folders / "tmp" / name).mkdir()
    with temporary_folder() as ours:
        assert said_by_removing() == ""
        assert ours.parent == folders / "tmp"
        assert len(list((folders / "tmp").iterdir())) == 4
        assert scratch(folders / "results/run/logs").exists()

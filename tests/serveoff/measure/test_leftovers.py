import io
import os
import subprocess
import sys
import tempfile

import pytest
from rich.console import Console

from serveoff.measure.leftovers import remove_half_written, remove_leftovers, scratch, temporary_folder
from serveoff.measure.watchdog import runner_id
from serveoff.services import temporary


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """The temporary folder, and those of results, reports and the state, all empty."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(temporary, "SHORT", tmp_path / "short")
    for name in ("results", "reports", "state"):
        monkeypatch.setenv(f"SERVEOFF_{name.upper()}", str(tmp_path / name))
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


@pytest.fixture
def ended():
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def test_what_a_killed_writer_had_written_of_a_file_is_removed(folders, ended):
    rows = folders / "results/run/rows"
    rows.mkdir(parents=True)
    for path in (rows.parent / f".run.json.{ended}", rows / f".000001.parquet.{ended}"):
        path.write_text("{")
    kept = [rows.parent / "run.json", rows.parent / f".run.json.{os.getpid()}", rows / ".hidden"]
    kept.append(rows.parent / f".notes.{ended}")
    for path in kept:
        path.write_text("{}")
    assert said_by_removing() == "removed leftovers of a killed run: files: 2\n"
    assert sorted(path for path in rows.parent.rglob("*") if path.is_file()) == sorted(kept)


def test_so_it_is_of_reports_and_announcements(folders, ended):
    names = ("reports/run/.report.html", "reports/run/.report.csv", "reports/run/.verdict.md", "state/running/.a.json")
    half = [folders / f"{name}.{ended}" for name in names]
    kept = [folders / f"{name}.{os.getpid()}" for name in names]
    for path in (*half, *kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert said_by_removing() == "removed leftovers of a killed run: files: 4\n"
    assert not any(path.exists() for path in half)
    assert all(path.exists() for path in kept)


def test_compose_files_of_preparations_go_with_their_runner(folders):
    gone = runner_id().rpartition("-")[0] + "-1"
    (folders / "state").mkdir()
    for runner in (gone, runner_id()):
        (folders / "state" / f"serveoff-prepare-abcdef-{runner}.yml").write_text("")
    assert said_by_removing() == "removed leftovers of a killed run: files: 1\n"
    assert [path.name for path in (folders / "state").iterdir()] == [f"serveoff-prepare-abcdef-{runner_id()}.yml"]


def test_of_a_file_that_a_user_named_the_next_writer_removes_it(tmp_path, ended):
    path, other = tmp_path / "baseline", tmp_path / f".other.{ended}"
    for name in (f".baseline.{ended}", f".baseline.{os.getpid()}", other.name):
        (tmp_path / name).write_text("{")
    remove_half_written(path)
    assert {found.name for found in tmp_path.iterdir()} == {f".baseline.{os.getpid()}", other.name}


def test_folders_of_this_runner_of_other_machines_and_of_others_stay_and_nothing_is_said(folders):
    scratch(folders / "results/run/logs").mkdir(parents=True)
    for name in ("serveoff-00000000-1-2-abc", "serveoff-mine", "other"):
        (folders / "tmp" / name).mkdir()
    with temporary_folder() as ours:
        assert said_by_removing() == ""
        assert ours.parent == folders / "tmp"
        assert len(list((folders / "tmp").iterdir())) == 4
        assert scratch(folders / "results/run/logs").exists()


def test_in_folders_that_cannot_be_looked_into_nothing_is_looked_for(folders, monkeypatch):
    for name in ("RESULTS", "REPORTS", "STATE"):
        monkeypatch.setenv(f"SERVEOFF_{name}", str(folders / (300 * "a")))
    assert said_by_removing() == ""

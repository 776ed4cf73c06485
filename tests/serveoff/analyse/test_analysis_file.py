"""An analysis is made once, stored whole, and made anew only where its run has changed."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from serveoff.analyse import analysis_file
from serveoff.analyse.analysis import analyse
from serveoff.analyse.analysis_file import ANALYSIS_NAME, analysis_of, load, save
from serveoff.analyse.run_diff import versus
from serveoff.record.reading import ResultsError
from serveoff.record.suite import load_suite
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.written_runs import rewrite_rows, save_run

SHORT = Scenario(slice_s=0.16, only=("flask-torchscript-rest", "flask-torch-eager-rest", "inprocess-torchscript"))
LARGEST = 3_000_000


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", SHORT)


@pytest.fixture
def made(monkeypatch):
    """Each run that was analysed."""
    found = []
    monkeypatch.setattr(analysis_file, "analyse", lambda folder: found.append(folder.name) or analyse(folder))
    return found


def test_each_file_of_rows_is_read_once_and_none_the_second_time(run, monkeypatch):
    read = []
    real = pq.read_table
    monkeypatch.setattr(pq, "read_table", lambda path, **how: read.append(path.name) or real(path, **how))
    analysis_of(run)
    assert sorted(read) == sorted(path.name for path in (run / "rows").iterdir())
    analysis_of(run)
    assert len(read) == len(set(read))


def test_what_is_read_back_is_what_was_made_and_shared_parts_are_one_object_again(run):
    whole = analysis_of(run)
    stored = load(run / ANALYSIS_NAME)
    assert stored.comparison == whole.comparison
    entries = {entry.name: entry for entry in stored.comparison.entries}
    assert all(entry.result is stored.comparison.suite.endpoint(name) for name, entry in entries.items())
    assert all(any(d.point is p for p in entries[d.point.endpoint].points) for d in stored.comparison.distributions)
    assert all(starts.entry is entries[starts.entry.name] for starts in stored.comparison.cold_starts)


def test_two_runs_compare_by_what_is_stored_as_by_their_rows(run, tmp_path):
    other = write_run(tmp_path / "other", Scenario(slice_s=0.16, only=SHORT.only, seed=8))
    by_rows = versus(analyse(run), analyse(other))
    for folder in (run, other):
        analysis_of(folder)
    stored = versus(*(load(folder / ANALYSIS_NAME) for folder in (run, other)))
    assert [line.pairs for line in stored.lines] == [line.pairs for line in by_rows.lines]


def test_an_analysis_is_kept_while_its_run_is_the_same_and_after_its_rows_are_gone(run, made):
    first = analysis_of(run)
    for path in (run / "rows").iterdir():
        path.unlink()
    assert analysis_of(run).comparison == first.comparison
    assert made == ["run"]


def change_suite(run):
    suite = load_suite(run)
    suite.settings.workers = 3
    save_run(run, suite)


def more_rows(run):
    (run / "rows" / "000009.parquet").write_bytes(b"PAR1")


def change_rows(run):
    rewrite_rows(run, lambda table: table.slice(0, 10))


def more_slices(run):
    suite = load_suite(run)
    suite.endpoints[0].windows.append(suite.endpoints[0].windows[0].model_copy(update={"number": 10_000}))
    save_run(run, suite)


def another_version(run):
    document = json.loads((run / ANALYSIS_NAME).read_text())
    (run / ANALYSIS_NAME).write_text(json.dumps(document | {"analysis_version": 0}))


def cut_short(run):
    (run / ANALYSIS_NAME).write_bytes((run / ANALYSIS_NAME).read_bytes()[:1000])


@pytest.mark.parametrize("change", [change_suite, more_rows, more_slices, change_rows, another_version, cut_short])
def test_an_analysis_that_is_not_of_the_run_as_it_is_now_is_made_anew(run, made, change):
    analysis_of(run)
    change(run)
    assert analysis_of(run).comparison == analyse(run).comparison
    assert analysis_of(run).source.is_still(run)
    assert made == ["run"] * 2


def test_a_folder_that_cannot_be_written_to_has_its_analysis_all_the_same(run, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(analysis_file, "save", refuse)
    assert analysis_of(run).comparison.entries


def test_no_run_is_said_so(tmp_path):
    with pytest.raises(ResultsError, match="no run at"):
        analysis_of(tmp_path)


def test_the_file_has_each_endpoint_s_windows_once(run, tmp_path):
    save(analyse(run), tmp_path / "a.json")
    text = Path(tmp_path / "a.json").read_text()
    assert len(text) < LARGEST
    windows = sum(len(result.windows) for result in load_suite(run).endpoints)
    assert text.count('"number":') == windows
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))

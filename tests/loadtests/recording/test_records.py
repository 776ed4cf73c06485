import pytest

from serveoff.loadtests.recording.recorder import Recorder
from serveoff.loadtests.recording.records import COLUMNS, part_path, remove_rows, write_rows
from tests.loadtests.rows import read_rows


def table(endpoint, count):
    recorder = Recorder([1])
    for _ in range(count):
        recorder.record(0.0, 0.001, 200, 0, 10)
    return recorder.table(endpoint)


def test_rows_read_back_as_they_were_written(tmp_path):
    path = tmp_path / "below" / "rows.parquet"
    write_rows(path, table("a-rest", 3))
    assert read_rows(path).column("latency_s").to_pylist() == [0.001] * 3
    assert read_rows(path).schema == COLUMNS
    assert [p.name for p in path.parent.iterdir()] == ["rows.parquet"]


def test_parts_of_workers_are_read_as_one(tmp_path):
    path = tmp_path / "rows.parquet"
    write_rows(part_path(path, 0), table("a-rest", 2))
    write_rows(part_path(path, 1), table("b-rest", 1))
    write_rows(tmp_path / "rows-of-another.parquet", table("c-rest", 5))
    rows = read_rows(path)
    assert rows.column("endpoint").to_pylist() == ["a-rest", "a-rest", "b-rest"]
    assert rows.schema == COLUMNS


def test_a_reader_may_ask_for_some_columns(tmp_path):
    path = tmp_path / "rows.parquet"
    for worker in (0, 1):
        write_rows(part_path(path, worker), table("a-rest", 2))
    assert read_rows(path, ["status", "latency_s"]).to_pydict() == {"status": [200] * 4, "latency_s": [0.001] * 4}


def test_rows_of_an_earlier_test_are_removed_with_their_parts(tmp_path):
    path = tmp_path / "rows.parquet"
    write_rows(path, table("a-rest", 2))
    write_rows(part_path(path, 1), table("a-rest", 2))
    remove_rows(path)
    with pytest.raises(FileNotFoundError, match=r"rows\.parquet"):
        read_rows(path)

"""Samples of usage on disk: what was sampled is read back, and what is none of ours is left alone."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serveoff.record.usage import COLUMNS, Usage, read_usage, usage_path, write_usage

ROWS = Path("rows") / "flask-torchscript-rest--r2-1.parquet"
PROCESS = Usage([10.0, 10.1, 10.2], [1.0, 1.05, 1.15], [100, 120, 110])
CONTAINER = Usage([10.0, 11.0], [1.0, 1.5], [100, 120], [5.0, 6.0], [7.0, 9.0], [0.0, 0.1])


def kept(folder, *usages):
    write_usage(folder, ROWS, "flask-torchscript-rest", 2, usages or [PROCESS])
    return folder / usage_path(ROWS)


def test_samples_are_read_as_they_were_taken(tmp_path):
    kept(tmp_path)
    found = read_usage(tmp_path, str(ROWS))
    assert (found.round, found.time_s.tolist(), found.cpu_s.tolist()) == (2, PROCESS.times_s, PROCESS.cpu_s)
    assert found.memory_bytes.tolist() == PROCESS.memory_bytes


def test_every_visit_has_a_file_named_as_its_rows(tmp_path):
    assert kept(tmp_path) == tmp_path / "usage" / ROWS.name
    assert [path.name for path in (tmp_path / "usage").iterdir()] == [ROWS.name]


@pytest.mark.parametrize(("usage", "sent"), [(PROCESS, [None] * 3), (CONTAINER, [7.0, 9.0])])
def test_a_process_has_no_network_of_its_own(tmp_path, usage, sent):
    table = pq.read_table(kept(tmp_path, usage))
    assert table.schema.equals(COLUMNS)
    assert table["network_out_bytes"].to_pylist() == sent
    assert set(table["endpoint"].to_pylist()) == {"flask-torchscript-rest"}


def test_a_visit_sampled_window_by_window_is_one_file(tmp_path):
    later = Usage([t + 5 for t in PROCESS.times_s], [c + 1 for c in PROCESS.cpu_s], PROCESS.memory_bytes)
    kept(tmp_path, PROCESS, later)
    assert read_usage(tmp_path, str(ROWS)).time_s.size == 6


@pytest.mark.parametrize(
    "usage",
    [
        Usage(),
        Usage([1.0], [0.0], [5]),
        Usage([1.0, 1.0], [0.0, 0.1], [5, 5]),
        Usage([2.0, 1.0], [0.0, 0.1], [5, 5]),
        Usage([1.0, float("nan")], [0.0, 0.1], [5, 5]),
        Usage([1.0, 2.0], [0.0, float("inf")], [5, 5]),
    ],
    ids=["none", "one", "no time", "backwards", "no instant", "endless"],
)
def test_samples_that_tell_of_no_time_are_none(tmp_path, usage):
    kept(tmp_path, usage)
    assert read_usage(tmp_path, str(ROWS)) is None


def test_a_missing_or_damaged_file_is_none(tmp_path):
    assert read_usage(tmp_path, str(ROWS)) is None
    path = kept(tmp_path)
    path.write_bytes(b"no parquet")
    assert read_usage(tmp_path, str(ROWS)) is None
    pq.write_table(pa.table({"time_s": [1.0, 2.0]}), path)
    assert read_usage(tmp_path, str(ROWS)) is None


@pytest.mark.timeout(20)
def test_neither_a_pipe_nor_a_link_out_of_the_run_is_opened(tmp_path):
    path = kept(tmp_path / "other")
    (tmp_path / "run" / "usage").mkdir(parents=True)
    os.symlink(path, tmp_path / "run" / "usage" / ROWS.name)
    os.mkfifo(tmp_path / "run" / "usage" / "pipe.parquet")
    assert read_usage(tmp_path / "run", str(ROWS)) is None
    assert read_usage(tmp_path / "run", "rows/pipe.parquet") is None
    assert read_usage(tmp_path / "run", "../../other/usage/" + ROWS.name) is None

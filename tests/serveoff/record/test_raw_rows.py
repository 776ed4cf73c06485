"""Rows and slices as a run writes them, and as a kill may leave them."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from serveoff.loadtests.recording.records import COLUMNS
from serveoff.loadtests.recording.windows import Window
from serveoff.record import raw_rows
from serveoff.record.raw_rows import SliceWriter, current_parts, join, last_number, read_run_rows
from serveoff.record.slices import SLICES_NAME, read_slices


def rows(number, endpoint="a", count=3, schema=COLUMNS, **more):
    columns = {name: np.full(count, more.get(name, 0.0)) for name in schema.names}
    columns |= {"endpoint": [endpoint] * count, "load": ["1"] * count, "slice": [number] * count}
    return pa.table([pa.array(columns[f.name]).cast(f.type) for f in schema], schema=schema)


def window(number, endpoint="a"):
    return Window(endpoint=endpoint, number=number, concurrency=1, round=1, start_s=float(number), duration_s=0.1)


@pytest.fixture
def writer(tmp_path, monkeypatch):
    """Writes a part for every slice."""
    monkeypatch.setattr(raw_rows, "FLUSH_EVERY_S", 0.0)
    return SliceWriter(tmp_path)


def slices_of(folder):
    return read_run_rows(folder).column("slice").to_pylist()


def test_what_was_measured_is_on_disk_within_a_second(tmp_path):
    writer = SliceWriter(tmp_path)
    writer.add(rows(1), window(1))
    assert read_slices(tmp_path) == {}
    writer.flush()
    assert slices_of(tmp_path) == [1, 1, 1]
    assert read_slices(tmp_path) == {"a": [window(1)]}


def test_parts_are_joined_by_endpoint_and_slice(tmp_path, writer):
    for number, endpoint in ((1, "b"), (2, "a"), (3, "b")):
        writer.add(rows(number, endpoint, 1), window(number, endpoint))
    assert len(current_parts(tmp_path)) == 3
    join(tmp_path)
    assert len(current_parts(tmp_path)) == 1
    table = read_run_rows(tmp_path)
    assert sorted(table.column("slice").to_pylist()) == [1, 2, 3]
    names = table.column("endpoint").to_pylist()
    assert names.count("b") == 2
    assert len([1 for one, other in itertools.pairwise(names) if one != other]) == 1


def test_a_kill_amid_the_joining_counts_no_row_twice(tmp_path, writer):
    for number in (1, 2, 3):
        writer.add(rows(number), window(number))
    parts = {path.name: path.read_bytes() for path in current_parts(tmp_path)}
    join(tmp_path)
    for name in list(parts)[1:]:  # those that were not yet removed
        (tmp_path / "rows" / name).write_bytes(parts[name])
    assert sorted(slices_of(tmp_path)) == [1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_a_resumed_run_adds_parts_to_joined_rows(tmp_path, writer):
    for number in (1, 2):
        writer.add(rows(number), window(number))
    join(tmp_path)
    later = SliceWriter(tmp_path)
    later.add(rows(3), window(3))
    later.add(rows(4), window(4))
    assert sorted(set(slices_of(tmp_path))) == [1, 2, 3, 4]
    join(tmp_path)
    assert sorted(slices_of(tmp_path)) == sorted([1, 2, 3, 4] * 3)


def test_the_last_number_is_that_of_rows_whose_slice_was_not_written(tmp_path, writer):
    assert last_number(tmp_path) == 0
    writer.add(rows(7))
    assert last_number(tmp_path) == 7


def test_a_line_that_a_kill_cut_off_is_left_out_and_another_is_not_overlooked(tmp_path, writer):
    for number in (1, 2):
        writer.add(rows(number), window(number))
    path = tmp_path / SLICES_NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert [w.number for w in read_slices(tmp_path)["a"]] == [1]
    later = SliceWriter(tmp_path)
    later.add(rows(3), window(3))
    later.add(rows(4), window(4))
    assert [w.number for w in read_slices(tmp_path)["a"]] == [1, 3, 4]
    path.write_bytes(b"{}\n" + whole)
    with pytest.raises(ValidationError):
        read_slices(tmp_path)


def test_rows_of_shorter_integers_are_read_and_joined_with_others(tmp_path, writer):
    short = pa.schema([f.with_type(pa.int16()) if f.name in ("start", "round") else f for f in COLUMNS])
    writer.add(rows(1, schema=short, round=32767.0), window(1))
    writer.add(rows(2, round=32768.0), window(2))
    before = read_run_rows(tmp_path)
    join(tmp_path)
    for table in (before, read_run_rows(tmp_path)):
        assert table.schema.field("round").type == pa.int32()
        assert sorted(table.column("round").to_pylist()) == 3 * [32767] + 3 * [32768]

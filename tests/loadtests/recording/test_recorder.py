import time

import pytest

from serveoff.loadtests.recording.recorder import Recorder
from serveoff.loadtests.recording.records import COLUMNS


@pytest.fixture
def recorder():
    recorder = Recorder([100, 200])
    for start, status, sample in [(8.0, 200, 0), (9.999, 200, 1), (10.0, 503, 1)]:
        recorder.record(start, 0.25, status, sample, bytes_in=30)
    return recorder


def test_a_request_belongs_to_the_window_in_which_it_starts():
    recorder, began_s = Recorder([1]), []
    for users in (None, 4, None, 6):
        if began_s:
            recorder.users_change(users)
        began_s.append(time.perf_counter())
    for start in (*began_s, began_s[1]):
        recorder.record(start, 99.0, 200, 0, 0)
    rows = recorder.table("e").to_pylist()
    assert [row["measured"] for row in rows] == [False, True, False, True, True]
    assert [row["slice"] for row in rows] == [-1, 1, -1, 2, 1]
    assert [row["concurrency"] for row in rows] == [0, 4, 4, 6, 4]


def test_a_table_has_the_agreed_columns_in_base_units(recorder):
    table = recorder.table("flask-tuned-null-rest")
    assert table.schema == COLUMNS
    row = table.to_pylist()[1]
    assert row["endpoint"] == "flask-tuned-null-rest"
    assert (row["start"], row["round"], row["slice"]) == (0, 1, -1)
    assert row["bytes_out"] == 200
    assert row["bytes_in"] == 30
    assert row["latency_s"] == 0.25
    assert row["start_s"] == pytest.approx(recorder.epoch_offset_s + 9.999, abs=1e-6)


def test_times_are_epoch_seconds():
    recorder = Recorder([1])
    before, now = time.time(), time.perf_counter()
    recorder.record(now, 0.0, 200, 0, 0)
    (row,) = recorder.table("e").to_pylist()
    assert before - 0.01 <= row["start_s"] <= time.time() + 0.01


def test_rows_carry_the_number_of_users_at_their_start():
    recorder = Recorder([1])
    recorder.users_change(4)
    recorder.record(time.perf_counter(), 0.1, 200, 0, 0)
    recorder.users_change(16)
    recorder.record(time.perf_counter(), 0.1, 200, 0, 0)
    rows = recorder.table("e").to_pylist()
    assert [(row["concurrency"], row["load"]) for row in rows] == [(4, "4"), (16, "16")]


def test_recording_goes_on_after_a_look_at_the_rows(recorder):
    recorder.table("e")
    recorder.record(13.0, 0.1, 200, 0, 0)
    assert recorder.table("e").num_rows == 4


def test_no_requests_make_an_empty_table():
    table = Recorder([1]).table("e")
    assert table.num_rows == 0
    assert table.schema == COLUMNS

"""Parts of a slice, put together."""

import numpy as np
import pytest

from serveoff.loadtests.distributed.merging import CLEAR, Driven, merged
from serveoff.loadtests.generator.commands import Drive
from serveoff.loadtests.generator.rows import decoded, encoded
from serveoff.loadtests.loads import parse_load
from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.loadtests.recording.windows import Window, WorkerClock


def part(worker, starts, callers=1, bound_s=0.0001, late_s=0.0, status=200, duration_s=1.0, **window):
    count = len(starts)
    columns = {"due_s": starts, "start_s": starts, "latency_s": np.full(count, 0.25), "measured": np.ones(count)}
    numbers = dict.fromkeys(("status", "bytes_in", "bytes_out"), np.full(count, status))
    rows = encoded({name: np.asarray(column, float) for name, column in (columns | numbers).items()})
    told = Window(concurrency=callers, round=0, start_s=min(starts), duration_s=duration_s, requests=count, **window)
    done = {"window": told.model_dump(mode="json", exclude={"round"}), "begun_late_s": late_s, "rows": rows}
    return Driven(WorkerClock(worker=worker, offset_s=1.5, bound_s=bound_s), done)


def put_together(*parts, load="3", lost=(), duration_s=1.0, told_s=0.0):
    told = merged(Drive(parse_load(load), 0.1, duration_s, 5.0, 1), parts, lost, told_s)
    return Window.model_validate({"round": 1} | told["window"]), decoded(told["rows"]), told["served"]


def test_counts_are_summed_rows_are_in_order_and_the_load_is_that_of_all():
    one = part("a-1", [10.0, 12.0], 2, answers_checked=5, errors=1, max_abs_error=0.25, client_cpu_s=0.5)
    other = part("b-2", [11.0], 1, answers_checked=2, wrong_answers=1, client_cpu_s=0.75)
    window, rows, served = put_together(one, other, told_s=11.0)
    assert (window.load, window.requests, window.errors) == (parse_load("3"), 3, 1)
    assert (window.answers_checked, window.wrong_answers, window.max_abs_error) == (7, 1, 0.25)
    assert (window.start_s, window.client_cpu_s) == (10.0, 0.75)
    assert rows["start_s"].tolist() == [10.0, 11.0, 12.0]
    assert served == 2
    assert [clock.worker for clock in window.workers] == ["a-1", "b-2"]
    assert (window.problems, window.clock_bound_s) == ([], 0.0001)


def test_throughput_is_the_sum_over_workers_whatever_each_had_of_the_callers():
    """A caller's own time is between requests' starts and ends: rates of callers add up."""
    window, _, _ = put_together(part("a", [10.0] * 6, 2, duration_s=1.0), part("b", [10.0] * 2, 1, duration_s=1.0))
    assert window.requests / window.duration_s == pytest.approx(6 / 1.0 + 2 / 1.0)
    window, _, _ = put_together(part("a", [10.0] * 6, 2, duration_s=0.9), part("b", [10.0] * 3, 1, duration_s=0.6))
    assert window.duration_s == pytest.approx((2 * 0.9 + 0.6) / 3)


def test_an_open_window_is_as_long_as_it_was_open():
    open_loop = {"arrivals": "poisson", "rate": 9.0}
    window, _, _ = put_together(
        part("a", [10.0], 128, late_s=0.0, duration_s=2.0, **open_loop),
        part("b", [11.0], 128, duration_s=2.0, **open_loop),
        load="poisson@9",
    )
    assert (window.duration_s, window.load) == (2.0, parse_load("poisson@9"))


def test_a_window_narrower_than_ten_times_the_bound_does_not_count():
    narrow = {"duration_s": 0.1}
    wide, just = part("a", [10.0], bound_s=0.1 / CLEAR * 1.01), part("b", [10.0], bound_s=0.1 / CLEAR)
    assert put_together(just, load="1", **narrow)[0].problems == []
    (problem,) = put_together(wide, just, load="2", **narrow)[0].problems
    assert problem.code is WindowCode.NOT_TOGETHER
    assert problem.text == "the clock of load worker a is known to within 10.1 ms, too little for a window of 100 ms"
    assert "--duration" in problem.advice
    assert put_together(wide, load="1", duration_s=0.0)[0].problems == [], "a warm-up counts nothing"


def test_a_worker_that_began_when_the_window_was_open_drove_another_one():
    (problem,) = put_together(part("a", [10.0]), part("b", [10.0], late_s=0.15), load="2")[0].problems
    assert (problem.code, problem.text[:28]) == (WindowCode.NOT_TOGETHER, "load worker b began 150 ms l")
    assert put_together(part("b", [10.0], late_s=0.05), load="1")[0].problems == [], "within the lead-in"


def test_a_lost_worker_is_told_of_and_so_is_what_another_found():
    found = WindowProblem(code=WindowCode.SERVER_SILENT, text="server stopped answering")
    window, rows, _ = put_together(part("a", [10.0], problems=[found]), load="2", lost=["b"])
    lost, silent = window.problems
    assert (lost.code, silent.code) == (WindowCode.WORKER_LOST, WindowCode.SERVER_SILENT)
    assert (lost.text, silent.text) == (
        "load worker b was lost, 1 took part without it",
        "load worker a: server stopped answering",
    )
    assert len(rows["start_s"]) == 1
    with pytest.raises(RuntimeError, match="load worker a, b was lost"):
        put_together(lost=["a", "b"])


def test_who_did_not_answer_is_not_served():
    assert put_together(part("a", [10.0]), part("b", [10.0], status=0), load="2")[2] == 1

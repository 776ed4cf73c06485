import json

import pytest

from serveoff.loadtests.problems import Problem, WindowCode
from serveoff.loadtests.recording.window_summary import (
    Summary,
    Window,
    describe,
    merge,
    window_from_json,
    write_summary,
)

A, B = Problem(WindowCode.LATE, "a"), Problem(WindowCode.WRONG_ANSWERS, "b", "look")


def window(**changes):
    fields = {"concurrency": 4, "round": 1, "start_s": 10.0, "duration_s": 2.0, "requests": 100, "errors": 1}
    return Window(**{**fields, "client_cpu_s": 0.5, "client_peak_memory_bytes": 10, **changes})


def test_workers_add_up():
    first = window(max_abs_error=1e-6, answers_checked=5, problems=[A])
    second = window(start_s=9.95, max_abs_error=None, answers_checked=6, wrong_answers=1, problems=[A, B])
    (merged,) = merge([[first], [second]])
    assert (merged.requests, merged.errors, merged.answers_checked, merged.wrong_answers) == (200, 2, 11, 1)
    assert (merged.start_s, merged.concurrency) == (9.95, 4)
    assert merged.duration_s == pytest.approx(2.05), "every counted request lies in it"
    assert (merged.client_cpu_s, merged.client_peak_memory_bytes) == (1.0, 20)
    assert merged.max_abs_error == 1e-6
    assert merged.problems == [A, B]


def test_a_window_fits_the_results_of_a_run(tmp_path):
    from serveoff.record.windows import Window as ResultsWindow

    write_summary(tmp_path / "s.json", Summary("e", "json", 9000, [window(problems=[A, B])]))
    (written,) = json.loads((tmp_path / "s.json").read_text())["windows"]
    kept = ResultsWindow(**written, rows="rows/e.parquet")
    assert kept.requests == 100
    assert [(p.code, p.text, p.advice) for p in kept.problems] == [(p.code, p.text, p.advice) for p in (A, B)]
    assert window_from_json(written) == window(problems=[A, B]), "as a worker tells its master"


def test_a_person_reads_rates_and_problems():
    text = describe(window(problems=[Problem(WindowCode.SERVER_SILENT, "server stopped answering")]))
    assert "4 users: 100 requests in 2.0 s (50/s), 1 failed" in text
    assert "server stopped answering" in text


def test_what_the_server_says_is_of_the_worker_that_has_the_one_user():
    timed = window(timed=10, timings_s={"total": 0.002}, counters={"n": 12.0})
    (merged,) = merge([[window()], [timed]])
    assert (merged.timed, merged.timings_s, merged.counters) == (10, {"total": 0.002}, {"n": 12.0})
    (both,) = merge([[timed], [window(timed=30, timings_s={"total": 0.006})]])
    assert (both.timed, both.timings_s) == (40, {"total": pytest.approx(0.005)})

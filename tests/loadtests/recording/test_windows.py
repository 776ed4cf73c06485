import pytest
from pydantic import ValidationError

from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.loadtests.recording.windows import Summary, Window, describe, merge, write_summary
from serveoff.record.endpoint_results import EndpointResult

A = WindowProblem(code=WindowCode.LATE, text="a")
B = WindowProblem(code=WindowCode.WRONG_ANSWERS, text="b", advice="look")


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


def test_what_a_load_test_writes_is_what_a_run_keeps(tmp_path):
    told = window(problems=[A, B], timings_s={"total": 0.002}, counters={"n": 12.0}, late_s=0.1)
    summary = Summary(endpoint="e", payload="json", request_bytes=9000, windows=[told])
    write_summary(tmp_path / "s.json", summary)
    read = Summary.model_validate_json((tmp_path / "s.json").read_bytes())
    assert read == summary
    fields = {"deployment": "d", "server": "s", "format": "f", "protocol": "rest", "payload": "json"}
    kept = EndpointResult(endpoint="e", windows=read.windows, **fields)
    again = EndpointResult.model_validate_json(kept.model_dump_json())
    assert again.windows == [told]
    assert [problem.code for problem in again.windows[0].problems] == [WindowCode.LATE, WindowCode.WRONG_ANSWERS]


def test_a_field_of_a_window_that_nobody_knows_is_an_error():
    with pytest.raises(ValidationError, match="concurency"):
        window(concurency=4)


def test_a_person_reads_rates_and_problems():
    text = describe(window(problems=[WindowProblem(code=WindowCode.SERVER_SILENT, text="server stopped answering")]))
    assert "4 users: 100 requests in 2.0 s (50/s), 1 failed" in text
    assert "server stopped answering" in text


def test_what_the_server_says_is_of_the_worker_that_has_the_one_user():
    timed = window(timed=10, timings_s={"total": 0.002}, counters={"n": 12.0})
    (merged,) = merge([[window()], [timed]])
    assert (merged.timed, merged.timings_s, merged.counters) == (10, {"total": 0.002}, {"n": 12.0})
    (both,) = merge([[timed], [window(timed=30, timings_s={"total": 0.006})]])
    assert (both.timed, both.timings_s) == (40, {"total": pytest.approx(0.005)})

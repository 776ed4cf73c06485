import pytest
from pydantic import ValidationError

from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.loadtests.recording.windows import Window, describe, merge

A = WindowProblem(code=WindowCode.LATE, text="a")
B = WindowProblem(code=WindowCode.WRONG_ANSWERS, text="b", advice="look")


def window(**changes):
    fields = {"concurrency": 4, "round": 1, "start_s": 10.0, "duration_s": 2.0, "requests": 100, "errors": 1}
    return Window(**{**fields, **changes})


def test_workers_add_up():
    first = window(max_abs_error=1e-6, answers_checked=5, problems=[A])
    second = window(start_s=9.95, max_abs_error=None, answers_checked=6, wrong_answers=1, problems=[A, B])
    (merged,) = merge([[first], [second]])
    assert (merged.requests, merged.errors, merged.answers_checked, merged.wrong_answers) == (200, 2, 11, 1)
    assert (merged.start_s, merged.concurrency) == (9.95, 4)
    assert merged.duration_s == pytest.approx(2.05), "every counted request lies in it"
    assert merged.max_abs_error == 1e-6
    assert merged.problems == [A, B]


def test_a_field_of_a_window_that_nobody_knows_is_an_error():
    with pytest.raises(ValidationError, match="concurency"):
        window(concurency=4)


def test_a_person_reads_rates_and_problems():
    text = describe(window(problems=[WindowProblem(code=WindowCode.SERVER_SILENT, text="server stopped answering")]))
    assert "4 users: 100 requests in 2.0 s (50/s), 1 failed" in text
    assert "server stopped answering" in text

"""What makes a point INVALID, and what is only a caution."""

from dataclasses import replace

import pytest

from comparison.checks import Evidence, judge
from comparison.results import EndpointResult, Gate, Window


def window(**changes):
    values = {
        "concurrency": 4,
        "round": 1,
        "start_s": 0.0,
        "duration_s": 2.0,
        "rows": "rows/x.parquet",
        "requests": 1000,
        "errors": 0,
        "answers_checked": 50,
        "wrong_answers": 0,
        "server_cpu_s": 1.8,
        "client_cpu_s": 0.8,
    }
    return Window.model_validate(values | changes)


def evidence(role="contender", gate="passed", windows=None, **changes):
    gates = {
        "passed": Gate(passed=True, checked=64, max_abs_error=1e-8, top1_agreement=1.0),
        "failed": Gate(passed=False, checked=64, max_abs_error=0.4, top1_agreement=0.8, reason="class 3, not 8"),
        "none": None,
    }
    endpoint = EndpointResult(
        endpoint="flask-torchscript-rest",
        deployment="flask-torchscript",
        server="flask",
        format="torchscript",
        protocol="rest",
        payload="json",
        gate=gates[gate],
    )
    windows = [window(), window(round=2)] if windows is None else windows
    counted = sum(w.requests for w in windows)
    sound = Evidence(endpoint, role, windows, 2, True, counted, counted, (0.001, 0.00102))
    return replace(sound, **changes)


def both(**changes):
    return [window(**changes), window(round=2, **changes)]


def test_a_sound_point_is_valid_without_a_word():
    assert judge(evidence()).findings == ()
    assert judge(evidence()).valid


@pytest.mark.parametrize(
    ("broken", "code", "seen"),
    [
        (evidence(gate="failed"), "gate failed", "class 3, not 8"),
        (evidence(gate="none"), "gate missing", "not checked before timing"),
        (evidence(windows=both(wrong_answers=2)), "wrong answers", "4 of 100 answers"),
        (evidence(windows=both(answers_checked=0)), "unchecked", "no answer was checked"),
        (evidence(sibling_wrong="flask-torchscript-grpc"), "wrong deployment", "flask-torchscript-grpc"),
        (evidence(windows=both(errors=3)), "errors", "6 of 2,000 requests failed"),
        (evidence(windows=both(problems=["the server died: signal 9"])), "window", "round 1: the server died"),
        (evidence(row_problems=["the raw rows are missing: rows/x.parquet"]), "rows", "rows/x.parquet"),
        (evidence(windows=[window()]), "missing rounds", "1 of 2 rounds"),
        (evidence(windows=[]), "not measured", "no window"),
        (evidence(samples=20, p50_by_round=()), "too few samples", "20 samples"),
        (evidence(windows=both(client_cpu_s=1.9)), "generator saturated", "95% of one CPU"),
        (evidence(p50_by_round=(0.001, 0.0025)), "unstable", "factor of 2.50"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_makes_a_point_invalid(broken, code, seen):
    verdict = judge(broken)
    found = next(f for f in verdict.reasons if f.code == code)
    assert not verdict.valid
    assert seen in found.seen
    assert found.why
    assert found.advice


@pytest.mark.parametrize(
    ("doubtful", "code"),
    [
        (evidence(samples=200), "too few samples"),
        (evidence(p50_by_round=(0.001, 0.0015)), "unstable"),
        (evidence(rows_read=1500), "row count"),
        (evidence(windows=[window()], run_complete=False), "missing rounds"),
        (evidence(role="null", windows=both(client_cpu_s=1.95)), "generator ceiling"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_only_a_caution(doubtful, code):
    verdict = judge(doubtful)
    assert verdict.valid
    assert [f.code for f in verdict.cautions] == [code]


def test_null_answers_zeros_so_its_answers_are_not_judged():
    assert judge(evidence(role="null", gate="none", windows=both(answers_checked=0, wrong_answers=5))).valid


def test_a_floor_has_no_client_and_is_checked_by_the_gate_alone():
    assert judge(evidence(role="floor", windows=both(answers_checked=0, client_cpu_s=2.0))).valid
    assert not judge(evidence(role="floor", gate="failed", windows=both(answers_checked=0))).valid


def test_a_failed_gate_is_the_reason_where_nothing_was_timed_after_it():
    assert [f.code for f in judge(evidence(gate="failed", windows=[])).reasons] == ["gate failed"]


def test_every_reason_is_told_not_only_the_first():
    found = judge(evidence(gate="failed", windows=both(errors=1, wrong_answers=1)))
    assert {f.code for f in found.reasons} == {"gate failed", "wrong answers", "errors"}

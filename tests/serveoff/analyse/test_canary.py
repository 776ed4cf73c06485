"""The gate on a canary: slower beyond the limit, or not to be ranked, fails; what the run cannot say does not."""

import pytest

from serveoff.analyse import canary
from serveoff.analyse.analysis import compare
from tests.serveoff.synthetic import Scenario, write_run


def judge(comparison, limit):
    return canary.judge(comparison.attached, comparison.entries, limit)


@pytest.fixture
def judged(attached_analysis):
    return lambda name: canary.asked(attached_analysis(name).comparison)


@pytest.mark.parametrize(
    ("run", "passing", "failed"),
    [
        ("slower", {"canary": "slower"}, True),
        ("allowed", {"canary": "not slower"}, False),
        ("unsure", {"canary": "undecided"}, False),
        ("failing", {"canary": "not ranked"}, True),
        ("stopped", {"canary": "not ranked"}, True),
        ("idle", {"red": "not ranked"}, True),
        ("several", {"canary": "slower", "blue": "not slower", "green": "not ranked", "red": "not ranked"}, True),
    ],
)
def test_each_endpoint_is_judged_against_the_first(judged, run, passing, failed):
    found = judged(run)
    assert {each.endpoint: each.passing for each in found.judged} == passing
    assert (found.baseline, found.failed) == ("prod", failed)
    assert found.undecided is (run == "unsure")


def test_it_is_judged_by_the_median_alone_and_by_throughput_with_most_callers(judged):
    (found,) = judged("slower").judged
    assert [(check.objective, check.concurrency) for check in found.checks] == [("latency", 1), ("throughput", 4)]
    for check in found.checks:
        assert 1.05 < check.slowdown.low < 1.08 < check.slowdown.high, "the canary is 1.08 times slower in truth"


def test_the_whole_interval_has_to_lie_beyond_the_limit_or_within_it(attached_analysis):
    comparison = attached_analysis("slower").comparison
    (latency, _) = judge(comparison, 0.05).judged[0].checks
    inside = (latency.slowdown.low + latency.slowdown.high) / 2 - 1
    limits = (latency.slowdown.low - 1.001, inside, latency.slowdown.high - 0.999)
    found = [judge(comparison, limit).judged[0].checks[0].passing for limit in limits]
    assert found == ["slower", "undecided", "not slower"]


def test_what_does_not_count_says_why(judged):
    why = {each.endpoint: each.checks[0].why for each in judged("several").judged}
    assert why["green"] == "it was left alone amid the run: 8 of 300 requests failed"
    assert why["red"].startswith("8 of 64 samples are answered otherwise; sample 17: off by 0.29")
    assert judged("stopped").doubt == why["green"]


def test_an_endpoint_that_fails_under_load_fails_the_gate_by_its_throughput(judged):
    (found,) = judged("failing").judged
    assert [check.passing for check in found.checks] == ["not slower", "not ranked"]


def test_throughput_at_the_rate_that_was_allowed_is_not_judged(judged):
    (found,) = judged("held").judged
    assert [check.passing for check in found.checks] == ["not slower", "not judged"]
    assert not judged("held").failed


def test_a_run_that_asked_for_no_verdict_has_none(judged, tmp_path):
    assert judged("alone") is None
    ours = compare(write_run(tmp_path / "run", Scenario(only=("flask-torchscript-rest",), rounds=2)))
    assert canary.asked(ours) is None


def test_nothing_to_judge_is_no_pass(attached_analysis):
    assert judge(attached_analysis("alone").comparison, 0.05).failed

"""What makes a point INVALID, and what is only a caution."""

from dataclasses import replace

import pytest

from serveoff.analyse.judging.grounds import Grounds
from serveoff.analyse.judging.validity import judge
from serveoff.loadtests.problems import WindowCode
from serveoff.loadtests.recording.windows import Window
from serveoff.record.endpoint_results import EndpointResult, Gate
from serveoff.record.resources import Container, Resources
from tests.serveoff.problems import cores, died, problem, wrong


def window(**changes):
    values = {
        "concurrency": 4,
        "round": 1,
        "start_s": 0.0,
        "duration_s": 2.0,
        "requests": 1000,
        "errors": 0,
        "answers_checked": 50,
        "wrong_answers": 0,
        "server_cpu_s": 1.8,
        "client_cpu_s": 0.8,
    }
    return Window.model_validate(values | changes)


def evidence(role="contender", gate="passed", windows=None, device="cpu", **changes):
    gates = {
        "passed": Gate(passed=True, checked=64, max_abs_error=1e-8, top1_agreement=1.0),
        "failed": Gate(
            passed=False, checked=64, max_abs_error=0.4, top1_agreement=0.8, problem=wrong("class 3, not 8")
        ),
        "none": None,
    }
    endpoint = EndpointResult(
        endpoint="flask-torchscript-rest",
        deployment="flask-torchscript",
        server="flask",
        format="torchscript",
        protocol="rest",
        payload="json",
        device=device,
        gate=gates[gate],
    )
    windows = [window(), window(round=2)] if windows is None else windows
    counted = sum(w.requests for w in windows)
    sound = Grounds(endpoint, role, windows, True, counted, counted)
    return replace(sound, **changes)


def both(**changes):
    return [window(**changes), window(round=2, **changes)]


def slices(count):
    return [window(round=number) for number in range(1, count + 1)]


EMPTY = window(number=8, requests=0, duration_s=0.0)
FAILING = window(number=9, errors=300, problems=[problem(WindowCode.ONLY_ERRORS, "nothing but errors")])
DEAD = window(number=7, problems=[died("the server died: signal 9")])


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
        (evidence(culprit="flask-torchscript-grpc"), "wrong deployment", "flask-torchscript-grpc"),
        (evidence(culprit="flask-torchscript-rest"), "wrong answers", "it answered wrongly under another load"),
        (evidence(windows=both(errors=10)), "errors", "20 of 2,000 requests failed"),
        (
            evidence(windows=both(errors=10), failures={503: 1, 1008: 18, 0: 1}),
            "errors",
            "20 of 2,000 requests failed: 18 RESOURCE_EXHAUSTED; 1 HTTP 503; 1 no answer",
        ),
        (evidence(windows=slices(20), lost=[FAILING]), "errors", "300 of 21,000 requests failed"),
        (evidence(windows=slices(20), lost=[DEAD] * 3), "lost slices", "3 of 23 slices were excluded, first slice 7"),
        (evidence(windows=slices(9), lost=[DEAD]), "lost slices", "1 of 10 slices"),
        (evidence(windows=[], lost=[DEAD]), "lost slices", "the server died: signal 9"),
        (
            evidence(windows=[*slices(20), EMPTY, EMPTY], longest_s=[5.0, 20.0]),
            "stalled",
            "in 2 of 22 slices, for up to 20 s",
        ),
        (evidence(row_problems=["the raw rows are missing: rows/x.parquet"]), "rows", "rows/x.parquet"),
        (evidence(windows=[]), "not measured", "nothing was measured"),
        (evidence(samples=20), "too few samples", "20 samples"),
        (evidence(windows=both(client_cpu_s=1.9)), "generator saturated", "95% of one CPU"),
        (evidence(rows_read=1500), "row count", "1,500 raw rows for 2,000 requests"),
        (
            evidence(quantile_s=(0.012, 0.009), bound_s=0.01),
            "generator late",
            "12 ms from when requests were due",
        ),
        (evidence(device_asked="cuda"), "device", "a GPU was requested, but the model computed on cpu"),
        (evidence(device_asked="cuda", device="cpu+cuda:0"), "device", "computed on cpu and cuda:0"),
        (evidence(device_asked="cuda", device=None), "device", "the server does not report its device"),
        (evidence(device_asked="cuda", role="floor"), "device", "computed on cpu"),
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
        (evidence(windows=both(errors=9)), "errors"),
        (evidence(windows=slices(20), lost=[DEAD] * 2), "lost slices"),
        (evidence(starts_asked=3), "missing starts"),
        (evidence(role="null", windows=both(client_cpu_s=1.95)), "generator ceiling"),
        (evidence(cores=2, windows=both(others_cpu_s=0.42)), "busy machine"),
        (evidence(shared_cores=[0]), "shared cores"),
        (evidence(role="null", shared_cores=[0, 1]), "shared cores"),
        (evidence(longest_s=[5.0, 0.002], p50_s=0.001), "stalled"),
        (evidence(windows=[*slices(20), EMPTY], longest_s=[0.9], p50_s=0.001), "stalled"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_only_a_caution(doubtful, code):
    verdict = judge(doubtful)
    assert verdict.valid
    assert [f.code for f in verdict.cautions] == [code]


def test_what_others_took_of_the_cores_is_summed_over_slices_and_little_of_it_is_no_doubt():
    coarse = [window(others_cpu_s=1.2), window(round=2, others_cpu_s=-0.3)]
    assert [f.code for f in judge(evidence(cores=2, windows=coarse)).findings] == ["busy machine"]
    assert judge(evidence(cores=2, windows=both(others_cpu_s=0.38))).findings == ()
    assert judge(evidence(cores=2, windows=both(others_cpu_s=None))).findings == ()


def test_a_slow_model_and_a_machine_that_holds_its_breath_are_no_stall():
    assert judge(evidence(longest_s=[5.0], p50_s=0.2)).findings == ()
    assert judge(evidence(longest_s=[0.9], p50_s=0.001)).findings == ()


def test_null_answers_zeros_so_its_answers_are_not_judged():
    assert judge(evidence(role="null", gate="none", windows=both(answers_checked=0, wrong_answers=5))).valid


def test_a_floor_has_no_client_and_is_checked_by_the_gate_alone():
    assert judge(evidence(role="floor", windows=both(answers_checked=0, client_cpu_s=2.0))).valid
    assert not judge(evidence(role="floor", gate="failed", windows=both(answers_checked=0))).valid


def test_a_failed_gate_is_the_reason_where_nothing_was_timed_after_it():
    assert [f.code for f in judge(evidence(gate="failed", windows=[])).reasons] == ["gate failed"]


@pytest.mark.parametrize("quantile_s", [(0.009, 0.002), (0.02, 0.011), None], ids=["both hold", "none holds", "closed"])
def test_lateness_that_changes_no_answer_is_no_doubt(quantile_s):
    assert judge(evidence(quantile_s=quantile_s, bound_s=0.01)).findings == ()


def test_a_contender_of_a_run_that_goes_on_has_its_other_starts_before_it():
    assert judge(evidence(starts_asked=3, run_complete=False)).findings == ()


def test_every_reason_is_told_not_only_the_first():
    found = judge(evidence(gate="failed", windows=both(errors=10, wrong_answers=1)))
    assert {f.code for f in found.reasons} == {"gate failed", "wrong answers", "errors"}


@pytest.mark.parametrize("asked", ["cuda", "auto", "cpu"])
def test_a_gpu_that_computes_is_no_reason_for_doubt_whatever_was_asked_for(asked):
    assert judge(evidence(device="cuda:0", device_asked=asked)).findings == ()


@pytest.mark.parametrize("asked", ["auto", "cpu"])
def test_the_cpu_is_as_good_as_any_device_where_no_gpu_was_asked_for(asked):
    assert judge(evidence(device="cpu", device_asked=asked)).findings == ()


def test_null_has_no_model_so_no_gpu_is_asked_of_it():
    assert judge(evidence(role="null", device_asked="cuda")).valid


def in_container(*problems, **changes):
    judged = evidence(**changes)
    container = Container(
        image="serveoff/flaskrest-torch",
        image_digest="sha256:" + "0" * 64,
        image_bytes=900_000_000,
        cpus=[0],
        memory_limit_bytes=4 * 2**30,
        user_id=10001,
        capabilities=0,
        no_new_privileges=True,
        read_only_root=True,
        problems=list(map(cores, problems)),
    )
    return replace(judged, endpoint=judged.endpoint.model_copy(update={"container": container}))


def test_a_container_as_it_was_asked_for_is_without_a_word():
    assert judge(in_container(windows=both(server_throttled_s=0.0))).findings == ()


def test_each_difference_from_what_was_asked_for_is_a_reason():
    problems = ["it may run on cores 0,1, 0 were asked for", "its memory limit is 8 bytes, 4 were asked for"]
    found = judge(in_container(*problems)).reasons
    assert [(f.code, f.seen) for f in found] == [("container", problem) for problem in problems]
    assert "docker compose config" in found[0].advice


def test_a_container_that_had_what_others_had_not_does_not_count():
    (found,) = judge(in_container(unequal=["cores 0, 1, where most had core 0"])).reasons
    assert (found.code, found.seen) == ("unequal containers", "its container had cores 0, 1, where most had core 0")


@pytest.mark.parametrize(("throttled_s", "codes"), [(0.0, []), (0.02, []), (0.03, ["throttled"]), (3.0, ["throttled"])])
def test_throttling_above_a_hundredth_of_the_time_is_a_caution_and_never_more(throttled_s, codes):
    verdict = judge(in_container(windows=both(server_throttled_s=throttled_s)))
    assert verdict.valid
    assert [f.code for f in verdict.cautions] == codes


def test_the_caution_says_how_long_a_server_was_held_back():
    (found,) = judge(in_container(windows=both(server_throttled_s=0.64))).cautions
    assert "throttled it for 32% of the time" in found.seen
    assert "SERVER_CPU_LIMIT" in found.advice


@pytest.mark.parametrize(("throttled_s", "codes"), [(None, []), (0.02, []), (0.03, ["throttled"])])
def test_throttling_by_a_limit_of_the_run_itself_is_a_caution_too(throttled_s, codes):
    verdict = judge(evidence(windows=both(group_throttled_s=throttled_s)))
    assert verdict.valid
    assert [f.code for f in verdict.cautions] == codes


def test_it_says_whom_the_limit_of_the_run_held_back_and_what_can_be_done():
    (found,) = judge(evidence(windows=both(group_throttled_s=0.64))).cautions
    assert "CPU limit of this run throttled server and load generator for 32% of the time" in found.seen
    assert "CPUQuota=" in found.advice
    (found,) = judge(in_container(windows=both(server_throttled_s=0.0, group_throttled_s=0.64))).cautions
    assert "CPU limit of this run throttled the load generator for 32% of the time" in found.seen


def test_processes_that_have_not_what_was_asked_for_do_not_count():
    judged = evidence()
    problems = ["it has 2 workers; requested: 1", "1 of its 6 threads (python 12) may run on core 1; requested: core 0"]
    resources = Resources(cpus=[0, 1], workers=2, problems=list(map(cores, problems)))
    found = judge(replace(judged, endpoint=judged.endpoint.model_copy(update={"resources": resources}))).reasons
    assert [(f.code, f.seen) for f in found] == [("resources", problem) for problem in problems]
    assert all(f.why and f.advice for f in found)


def test_processes_that_had_what_others_had_not_do_not_count():
    (found,) = judge(evidence(unequal=["a memory limit of 1 GiB, where most had no memory limit"])).reasons
    assert found.code == "unequal resources"
    assert found.seen == "its processes had a memory limit of 1 GiB, where most had no memory limit"

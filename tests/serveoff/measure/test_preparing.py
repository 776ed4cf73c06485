"""Starts of servers: how long a fresh one is warmed up before it is measured."""

from types import SimpleNamespace

import pytest

from serveoff.errors import ServerFailed
from serveoff.measure import preparing
from serveoff.record.endpoint_results import Gate
from serveoff.services.registry import read_registry
from tests.serveoff.measure.fakes import failing, fake_run
from tests.serveoff.synthetic_containers import container

NAME = "torchserve-torchscript"
TORCHSERVE = next(d for d in read_registry(environ={}) if d.name == NAME)


def warmed(tmp_path, answers_s, **given):
    """Seconds of each warm-up of an endpoint that answers so in one after the other, and what is said."""
    endpoint = TORCHSERVE.endpoints[0]
    with fake_run(tmp_path, NAME, concurrencies=[1, 16], warmup_s=1.0, **given) as run:
        server = run.fleet.start(TORCHSERVE)
        run.generator.warming_s[endpoint.name] = list(answers_s)
        preparing._warm_up(run, server, [endpoint])
        drives = [event[2] for event in run.events if event[0] == "drive"]
    assert {drive.load.text for drive in drives} <= {"16"}
    return [drive.lead_in_s for drive in drives], run.said()


def test_a_server_that_is_as_quick_as_before_is_warm(tmp_path):
    assert warmed(tmp_path, [0.010, 0.0099, 0.0098]) == ([0.5, 0.25, 0.25], "")


def test_a_burst_of_noise_is_no_sign_of_a_warm_server(tmp_path):
    assert warmed(tmp_path, [0.010, 0.030, 0.010]) == ([0.5, 0.25, 0.25], "")
    assert warmed(tmp_path, [0.010, 0.030, 0.005, 0.005, 0.005]) == ([0.5, 0.25, 0.25, 0.5, 0.5], "")


def test_a_server_that_still_gets_quicker_is_warmed_up_for_as_long_again(tmp_path):
    parts, said = warmed(tmp_path, [0.040, 0.035, 0.034, 0.025, 0.024, 0.0239, 0.0241], minutes=60)
    assert parts == [0.5, 0.25, 0.25, 0.5, 0.5, 1.0, 1.0]
    assert said == ""


def test_a_warm_up_ends_and_says_so_where_a_server_goes_on_getting_quicker(tmp_path):
    parts, said = warmed(tmp_path, [0.5**n for n in range(20)], minutes=60)
    assert sum(parts) == preparing.LONGEST_WARM_UP
    assert f"{NAME}-rest was still getting faster after 32 s of warm-up" in said


def test_a_short_run_has_a_short_warm_up(tmp_path):
    parts, _ = warmed(tmp_path, [0.5**n for n in range(20)], minutes=3)
    assert 0.8 * preparing.WARM_UP_SHARE * 180 <= sum(parts) <= preparing.WARM_UP_SHARE * 180


@pytest.mark.parametrize(("answer_s", "load"), [(0.030, "16"), (0.032, "1")])
def test_a_slow_server_is_warmed_up_by_few_callers_whose_answers_come_within_a_part(tmp_path, answer_s, load):
    endpoint = TORCHSERVE.endpoints[0]
    with fake_run(tmp_path, NAME, concurrencies=[1, 16], warmup_s=1.0) as run:
        gate = Gate(passed=True, checked=1, max_abs_error=0.0, top1_agreement=1.0, answer_s=answer_s)
        run.result(endpoint).gate = gate
        preparing._warm_up(run, run.fleet.start(TORCHSERVE), [endpoint])
    assert {event[2].load.text for event in run.events if event[0] == "drive"} == {load}


def test_endpoints_of_one_server_take_turns_and_share_the_time(tmp_path):
    with fake_run(tmp_path, NAME, concurrencies=[1, 16], warmup_s=1.0, minutes=60) as run:
        rest, grpc = TORCHSERVE.endpoints
        server = run.fleet.start(TORCHSERVE)
        run.generator.warming_s[rest.name] = [0.5**n for n in range(20)]
        preparing._warm_up(run, server, (rest, grpc))
        drives = [(event[1], event[2].lead_in_s) for event in run.events if event[0] == "drive"]
        assert drives[:6] == [(e.name, s) for s in (0.5, 0.25, 0.25) for e in (rest, grpc)]
        assert drives[6:] == [(rest.name, s) for s in (0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 7.5, 7.5)]
        assert run.result(rest).still_warming_s == 31.0
        assert run.result(grpc).still_warming_s is None


def settled(run):
    """What befell a server and its endpoints, that answer rightly, from its start until it rests."""
    run.fleet.start(TORCHSERVE)
    for endpoint in TORCHSERVE.endpoints:
        run.result(endpoint).gate = Gate(passed=True, checked=1, max_abs_error=0.0, top1_agreement=1.0)
    preparing._settle(run, TORCHSERVE, TORCHSERVE.endpoints, 0.0)
    return [event[2] if event[0] == "cores" else event[0] for event in run.events]


def test_a_server_is_warmed_up_on_all_cores_of_the_run_and_measured_on_its_own(tmp_path):
    with fake_run(tmp_path, NAME, server_cpus=[0], client_cpus=[1], warmup_s=1.0) as run:
        befell = settled(run)
    assert befell[:3] == ["start", "thaw", (0, 1)]
    assert befell[-2:] == [(0,), "freeze"]
    assert befell.count("drive") == 6


def test_a_warm_up_that_fails_leaves_the_server_on_its_own_cores(tmp_path):
    with fake_run(tmp_path, NAME, server_cpus=[0], client_cpus=[1], warmup_s=1.0) as run:
        run.generator.befalls = failing
        befell = settled(run)
        assert "was not warmed up" in run.said()
    assert [event for event in befell if isinstance(event, tuple)] == [(0, 1), (0,)]


def test_a_server_whose_jvm_compiles_is_not_warm_however_even_its_answers_are(tmp_path):
    with fake_run(tmp_path, NAME, concurrencies=[1, 16], warmup_s=1.0, minutes=60) as run:
        server = run.fleet.start(TORCHSERVE)
        server.compiled_ticks = [0, 10**6, 10**6, 2 * 10**6, 2 * 10**6, 2 * 10**6]
        preparing._warm_up(run, server, TORCHSERVE.endpoints)
        parts = [(event[1], event[2].lead_in_s) for event in run.events if event[0] == "drive"]
        names = [endpoint.name for endpoint in TORCHSERVE.endpoints]
        assert parts == [(name, s) for s in (0.5, 0.25, 0.25, 0.5, 0.5, 1.0, 1.0) for name in names]
        assert run.result(TORCHSERVE.endpoints[0]).still_warming_s is None


def test_a_resumed_run_goes_on_only_with_the_image_that_it_began_with(tmp_path):
    began, anew = (
        container(TORCHSERVE, "torchserve", None, {"image_digest": f"sha256:{digit * 64}"}) for digit in "ab"
    )
    started = SimpleNamespace(device="cpu", executor="", precision="")
    with fake_run(tmp_path, NAME) as run:
        result = run.result(TORCHSERVE.endpoints[0])
    result.device, result.executor, result.precision, result.container = "cpu", "", "", began
    result.gate = Gate(passed=True, checked=1, max_abs_error=0.0, top1_agreement=1.0)
    preparing._as_before(result, started, began)
    with pytest.raises(ServerFailed, match="computes from image bbbbbbbbbbbb, not aaaaaaaaaaaa as its first did"):
        preparing._as_before(result, started, anew)

"""Starts of servers: how long a fresh one is warmed up before it is measured."""

from serveoff.measure import preparing
from serveoff.services.registry import read_registry
from tests.serveoff.measure.fakes import fake_run

NAME = "torchserve-torchscript"


def warmed(tmp_path, answers_s, **given):
    """Seconds of each warm-up of an endpoint that answers so in one after the other, and what is said."""
    deployment = next(d for d in read_registry(environ={}) if d.name == NAME)
    endpoint = deployment.endpoints[0]
    with fake_run(tmp_path, NAME, concurrencies=[1, 16], warmup_s=1.0, **given) as run:
        run.fleet.start(deployment)
        run.generator.warming_s[endpoint.name] = list(answers_s)
        preparing._warm_up(run, [endpoint])
        drives = [event[2] for event in run.events if event[0] == "drive"]
    assert {drive.load.text for drive in drives} <= {"16"}
    return [drive.lead_in_s for drive in drives], run.said()


def test_a_server_that_is_as_quick_as_before_is_warm(tmp_path):
    assert warmed(tmp_path, [0.010, 0.0099, 0.0098]) == ([0.25, 0.25, 0.5], "")


def test_a_burst_of_noise_is_no_sign_of_a_cold_server(tmp_path):
    assert warmed(tmp_path, [0.010, 0.030, 0.010]) == ([0.25, 0.25, 0.5], "")


def test_a_server_that_still_gets_quicker_is_warmed_up_for_as_long_again(tmp_path):
    parts, said = warmed(tmp_path, [0.040, 0.035, 0.034, 0.025, 0.024, 0.0239], minutes=60)
    assert parts == [0.25, 0.25, 0.5, 1.0, 2.0, 4.0]
    assert said == ""


def test_a_warm_up_ends_and_says_so_where_a_server_goes_on_getting_quicker(tmp_path):
    parts, said = warmed(tmp_path, [0.5**n for n in range(20)], minutes=60)
    assert sum(parts) == preparing.LONGEST_WARM_UP
    assert f"{NAME}-rest was still getting faster after 16 s of warm-up" in said


def test_a_short_run_has_a_short_warm_up(tmp_path):
    parts, _ = warmed(tmp_path, [0.5**n for n in range(20)], minutes=3)
    assert sum(parts) <= preparing.WARM_UP_SHARE * 180


def test_endpoints_of_one_server_take_turns_and_share_the_time(tmp_path):
    deployment = next(d for d in read_registry(environ={}) if d.name == NAME)
    with fake_run(tmp_path, NAME, concurrencies=[1, 16], warmup_s=1.0, minutes=60) as run:
        run.fleet.start(deployment)
        rest, grpc = deployment.endpoints
        run.generator.warming_s[rest.name] = [0.5**n for n in range(20)]
        preparing._warm_up(run, (rest, grpc))
        drives = [(event[1], event[2].lead_in_s) for event in run.events if event[0] == "drive"]
        assert drives[:6] == [(e.name, s) for s in (0.25, 0.25, 0.5) for e in (rest, grpc)]
        assert drives[6:] == [(rest.name, s) for s in (1.0, 2.0, 4.0)]
        assert run.result(rest).still_warming_s == 8.0
        assert run.result(grpc).still_warming_s is None

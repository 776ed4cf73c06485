"""What `make scale` computes of runs whose truth is known, and how it ends where something is missing."""

import json
import os
import stat
from dataclasses import replace

import pytest

from benchmarks import scale
from serveoff.analyse.analysis import compare
from serveoff.measure import run_lifecycle
from serveoff.measure.plan.plan import find_deployment
from serveoff.measure.runtimes.containers import engine
from tests.serveoff.attached_runs import SCENARIO, Attached, write_attached

MANY = replace(SCENARIO, concurrencies=(scale.ALONE, scale.MANY))
"""As the benchmark asks."""


def ran(folder, times, **changes):
    """A run in which the balanced two have so many times the throughput of one."""
    one, two = Attached(scale.ONE, 0.002), Attached(scale.TWO, 0.002 / times, **changes)
    return compare(write_attached(folder / "run", one, two, scenario=MANY))


@pytest.mark.parametrize(("times", "met"), [(2.0, True), (1.7, False), (2.3, False)])
def test_the_check_is_met_within_a_tenth_of_twice_the_throughput(tmp_path, times, met):
    found = scale.summed_up(ran(tmp_path, times))
    value, low, high = found["ratio"]
    assert value == pytest.approx(times, rel=0.03)
    assert low < value < high
    assert found["figures"]["off_the_prediction"]["is"] == pytest.approx(abs(value / 2 - 1), abs=1e-4)
    assert found["met"] is met


def test_what_the_balancer_adds_is_the_median_of_one_caller_over_that_of_a_replica(tmp_path):
    found = scale.summed_up(ran(tmp_path, 0.8))
    one, two = found["p50_ms"]
    ratio, low, high = found["latency_ratio"]
    assert ratio == pytest.approx(two / one, rel=0.02)
    assert low < ratio < high
    assert 1.2 < ratio < 1.3


def test_it_tells_rates_and_medians_in_words_and_all_of_it_as_json(tmp_path):
    comparison = ran(tmp_path, 2.0)
    replica, balanced, ratio = scale.words(comparison)
    assert replica.startswith("one replica: ")
    assert balanced.startswith("2 replicas behind HAProxy: ")
    assert ratio.startswith("times the throughput of one: ")
    assert ratio.endswith(", predicted 2")
    assert scale.doubts(comparison) == []
    found = json.loads(json.dumps(scale.summed_up(comparison), allow_nan=False))
    assert (found["run"], found["predicted"]) == ("run", 2.0)
    assert found["machine"] == comparison.suite.environment.machine.id


def test_a_point_that_does_not_count_meets_nothing_and_says_why(tmp_path):
    comparison = ran(tmp_path, 2.0, errors=0.1)
    found = scale.summed_up(comparison)
    assert (found["ratio"], found["met"]) == ([None] * 3, False)
    assert json.dumps(found, allow_nan=False)
    (doubt,) = scale.doubts(comparison)
    assert doubt.startswith(f"two with {scale.MANY}: ")


def test_the_balancer_has_every_replica_and_listens_on_the_loopback_interface():
    text = scale.configuration(8080, ["172.18.0.2:8501", "172.18.0.3:8501"])
    lines = [line.strip() for line in text.splitlines()]
    assert "bind 127.0.0.1:8080" in lines
    assert [line for line in lines if line.startswith("server ")] == [
        "server replica1 172.18.0.2:8501",
        "server replica2 172.18.0.3:8501",
    ]


def test_the_run_is_of_both_addresses_in_slices_of_many_periods(monkeypatch):
    found = scale.settings("172.18.0.2:8501", "127.0.0.1:8080", 2.0)
    assert [endpoint.name for endpoint in found.attached] == [scale.ONE, scale.TWO]
    assert not any(endpoint.guarded for endpoint in found.attached), "they are driven to their limit"
    assert found.slice_s >= 10 * scale.PERIOD_S
    assert (found.concurrencies, found.minutes) == ([scale.ALONE, scale.MANY], 2.0)


def test_the_replicas_are_three_copies_of_one_deployment_meanwhile():
    names = (scale.DIRECT, *scale.BEHIND)
    with scale.registered(dict.fromkeys(names, scale.service(scale.DEPLOYMENT))):
        registry = run_lifecycle.registry_for(scale.MODEL)
        original, *copies = (find_deployment(registry, name) for name in (scale.DEPLOYMENT, *names))
    assert {(copy.server, copy.format, copy.path) for copy in copies} == {
        (original.server, original.format, original.path)
    }
    assert all(copy.environment == original.environment for copy in copies)


@pytest.fixture
def ended(monkeypatch, capsys):
    """How the benchmark ends, and what it says."""

    def run(path):
        monkeypatch.setenv("PATH", str(path))
        monkeypatch.setattr(scale, "SYSTEM_FOLDERS", ())
        monkeypatch.setattr("sys.argv", ["scale"])
        code = scale.main()
        return code, capsys.readouterr().err

    return run


def test_without_haproxy_it_says_how_to_get_it(ended, tmp_path):
    assert ended(tmp_path) == (2, "error: haproxy is not installed; on Debian or Ubuntu: apt-get install haproxy\n")


@pytest.fixture
def with_haproxy(tmp_path):
    """A PATH with a program of that name."""
    program = tmp_path / "haproxy"
    program.touch()
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return os.pathsep.join((str(tmp_path), os.environ["PATH"]))


def test_without_an_engine_it_says_so(ended, with_haproxy, tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    code, said = ended(with_haproxy)
    assert code == 8
    assert said.startswith("error: no Docker engine answers: ")
    assert said.count("\n") == 1


def test_an_engine_in_a_virtual_machine_or_a_single_core_is_refused(ended, with_haproxy, monkeypatch):
    monkeypatch.setattr(scale, "connect", lambda: engine.Engine(None, "Docker", is_local=False))
    monkeypatch.setattr(scale, "available_cpus", lambda: [0, 1])
    code, said = ended(with_haproxy)
    assert (code, said.count("\n")) == (8, 1)
    monkeypatch.setattr(scale, "available_cpus", lambda: [0])
    code, said = ended(with_haproxy)
    assert (code, said.startswith("error: two cores are needed; ")) == (2, True)

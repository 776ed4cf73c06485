"""What `make aa` and `make sensitivity` compute of runs whose truth is known; and trials for real."""

import json
import math
import os
import signal
import subprocess
import sys
from itertools import islice
from time import perf_counter

import numpy as np
import pytest

from benchmarks import aa, sensitivity, slower_flask
from benchmarks.twins import Pair, Told, again, judged, p50_s, rate, read_trial
from serveoff.analyse.statistics.sampled import SliceSample
from serveoff.measure.drivers.generator import Driven
from serveoff.measure.plan.plan import make_plan
from serveoff.measure.runtimes import local
from serveoff.models.isolation import isolated
from serveoff.models.spec import REPOSITORY
from serveoff.services.registry import read_registry
from tests.serveoff.synthetic import Scenario, write_run
from tests.waiting import wait_until

FIRST, SECOND = "flask-torchscript-rest", "flask-torch-eager-rest"
EQUAL = 0.64 / 0.63
"""By how much the second must be sped up to be as quick as the first."""


def scenario(second=1.0, **changes):
    return Scenario(**{"rounds": 60, "starts": 3, "concurrencies": (1, 16), "only": (FIRST, SECOND),
                       "speedup": {SECOND: EQUAL * second}} | changes)  # fmt: skip


def test_equal_deployments_have_ratios_near_one_and_no_faster_one(tmp_path):
    trial = read_trial(write_run(tmp_path, scenario()), FIRST, SECOND)
    assert {told.outcome for told in trial.values()} == {"tied"}
    assert all(abs(told.ratio) < 0.02 and abs(told.again) < 0.01 for told in trial.values()), trial


def test_a_slower_twin_is_called_slower_and_its_ratio_is_its_slowness(tmp_path):
    trial = read_trial(write_run(tmp_path, scenario(second=1 / 1.1)), FIRST, SECOND)
    assert trial["p50"].ratio == pytest.approx(math.log(1.1), abs=0.02)
    assert trial["rate"].ratio == pytest.approx(-math.log(1.1), abs=0.02)
    assert {(told.outcome, told.better) for told in trial.values()} == {("faster", FIRST)}


def test_what_starts_add_is_in_the_ratio_and_not_between_the_same_processes(tmp_path):
    trial = read_trial(write_run(tmp_path, scenario(start_effect=0.1)), FIRST, SECOND)
    assert abs(trial["p50"].ratio) > 0.03
    assert abs(trial["p50"].again) < 0.01


@pytest.mark.parametrize("minutes", [2.0, 5.0], ids=["aa", "sensitivity"])
def test_a_trial_starts_each_of_the_two_several_times(minutes):
    both = Pair("flask-torchscript", "flask-torchscript-twin", {})
    with both.registered():
        planned = make_plan(read_registry(), both.endpoints, both.settings(minutes, seed=1))
    assert planned.expected_starts[0] >= 3, "processes of one deployment differ: one of each is no trial"


def test_a_run_without_slices_of_both_says_so(tmp_path):
    folder = write_run(tmp_path, scenario(concurrencies=(1,)))
    with pytest.raises(ValueError, match=r"no slices of .* with 16 callers"):
        read_trial(folder, FIRST, SECOND)


def samples(pace, starts=2, rounds=4):
    """Slices in which each answer takes `pace(start, round)` seconds."""

    def of(start, round_):
        latency = np.full(10, pace(start, round_))
        return SliceSample(start, round_, latency, latency, np.zeros(10), float(latency.sum()))

    return [of(start, rounds * (start - 1) + n) for start in range(1, starts + 1) for n in range(1, rounds + 1)]


@pytest.mark.parametrize(("of", "sign"), [(p50_s, 1), (rate, -1)])
def test_the_same_processes_compared_again_differ_by_half_of_what_odd_and_even_rounds_say(of, sign):
    steady = samples(lambda start, round_: 0.01 * start)
    odd_slower = samples(lambda start, round_: 0.01 * start * (1.1 if round_ % 2 else 1.0))
    assert again(steady, odd_slower, of) == pytest.approx(sign * math.log(1.1) / 2)
    assert again(odd_slower, odd_slower, of) == pytest.approx(0), "what a round does to both cancels"
    assert again(steady, samples(lambda start, _: 0.02 / start), of) == pytest.approx(0), "what a start adds does, too"
    assert again(steady[:1], steady[:1], of) == 0, "one round cannot be compared with another"


def told(outcome="tied", better="", ratio=0.0, repeated=0.0):
    return Told(ratio, repeated, outcome, better)


def test_trials_are_summed_up_to_false_calls_and_root_mean_squares():
    good = {"p50": told(ratio=0.03), "rate": told(ratio=-0.04)}
    bad = {"p50": told("faster", ratio=-0.03, repeated=0.02), "rate": told("undecided", ratio=0.02)}
    summary = aa.summed_up({"torchscript": [good] * 10 + [bad]})
    figures = summary["figures"]
    assert figures["false_calls"] == {"is": round(1 / 22, 4), "bound": 0.05, "met": True}
    assert figures["torchscript_p50_error"] == {"is": 0.03, "bound": 0.03, "met": True}
    assert figures["torchscript_rate_error"]["is"] == round(math.sqrt((10 * 0.0016 + 0.0004) / 11), 4)
    assert figures["torchscript_p50_again"]["is"] == round(0.02 / math.sqrt(11), 4)
    assert summary["met"]
    assert not aa.summed_up({"torchscript": [good, bad]})["met"], "one call of four is false"
    unknown = {name: told("no verdict: both INVALID") for name in good}
    mixed = aa.summed_up({"torchscript": [good] * 10 + [bad] + [unknown] * 2})
    assert mixed["figures"]["false_calls"]["is"] == round(1 / 22, 4), "what has no verdict is no true one"
    assert mixed["figures"]["no_verdicts"] == {"is": round(4 / 26, 4), "bound": 0.1, "met": False}


def test_nothing_measured_meets_nothing_and_is_json():
    summary = aa.summed_up({"torchscript": [], "savedmodel": []})
    assert not summary["met"]
    assert json.loads(json.dumps(summary, allow_nan=False))["figures"]["false_calls"]["is"] is None
    assert not sensitivity.summed_up([])["met"]


def test_only_the_copy_that_is_called_slower_counts():
    original, copy = sensitivity.copy(0.1).endpoints
    outcomes = [("faster", original), ("faster", copy), ("undecided", original), ("no verdict", "")]
    assert [sensitivity.called_slower({"p50": told(*o)}) for o in outcomes] == [True, False, False, False]
    slower, missed = {"p50": told("faster", original)}, {"p50": told("tied")}
    assert sensitivity.summed_up([slower] * 9 + [missed])["met"]
    assert not sensitivity.summed_up([slower] * 8 + [missed])["met"]
    assert judged({"share": (0.9, 0.9)}, most=False)["share"]["met"]


def driven(latency_s):
    rows = {"latency_s": latency_s, "measured": np.arange(latency_s.size) >= 10}
    return Driven({}, latency_s.size, rows)


def test_the_slowdown_of_answers_that_spin_is_told_from_one_process_that_drifts():
    random, spins = np.random.default_rng(3), slower_flask.pattern()
    slices = []
    for _ in range(50):
        spun = np.fromiter(islice(spins, 200), dtype=bool)
        drift = math.exp(0.3 * random.normal())
        slices.append(driven(0.0005 * drift * random.lognormal(0, 0.2, 200) * np.where(spun, 1.07, 1.0)))
    found, error = sensitivity.slowdown([driven(np.empty(0)), *slices])
    assert found == pytest.approx(0.07, abs=3 * error)
    assert error < 0.01


def test_a_slowed_function_spins_for_its_share_of_what_it_took():
    took = []

    def predict(batch):
        began = perf_counter()
        total = sum(range(20_000))
        took.append(perf_counter() - began)
        return {"sum": total + batch}

    slow = slower_flask.slowed(predict, 0.5)
    began = perf_counter()
    assert slow(1) == predict(1)
    assert perf_counter() - began >= 1.5 * took[0] + took[1]


def test_half_of_a_slowed_functions_calls_spin_as_the_pattern_says(monkeypatch):
    instants = iter(range(1_000_000))
    monkeypatch.setattr(slower_flask, "perf_counter", lambda: next(instants))
    half = slower_flask.slowed(lambda batch: batch, 9.0, half=True)

    def looks():
        before = next(instants)
        half(0)
        return next(instants) - before

    spun = [looks() > 10 for _ in range(100)]
    assert spun == list(islice(slower_flask.pattern(), 100))
    assert 35 < sum(spun) < 65


def test_a_twin_is_in_the_registry_only_while_it_is_registered(monkeypatch):
    monkeypatch.delenv("COMPOSE_FILE", raising=False)
    with sensitivity.copy(0.25).registered():
        found = {d.name: d for d in read_registry()}
        original, copy = found["flask-torchscript"], found["flask-torchscript-slower"]
    assert copy.launcher == "benchmarks.slower_flask"
    assert copy.environment == original.environment | {"SPIN_SHARE": "0.25", "SPIN_HALF": "0"}
    assert (copy.format, copy.ready, copy.protocols) == (original.format, original.ready, original.protocols)
    assert not {"COMPOSE_FILE"} & set(os.environ)
    with Pair("flask-savedmodel", "flask-savedmodel-twin", {}).registered():
        assert "flask-savedmodel-twin" in {d.name for d in read_registry()}
    assert "flask-savedmodel-twin" not in {d.name for d in read_registry()}


def test_the_copys_launcher_runs_by_its_path_and_others_as_ever():
    with sensitivity.launchable():
        assert local.isolated("serveoff.services.flaskrest") == isolated("serveoff.services.flaskrest")
        *python, path = local.isolated("benchmarks.slower_flask")
    assert python == isolated("x")[:-2]
    assert path == slower_flask.__file__


def command(*arguments):
    return [sys.executable, "-m", "benchmarks.aa", "--formats", "torchscript", *arguments]


@pytest.mark.slow
@pytest.mark.long
def test_one_tiny_trial_ends_in_one_line_of_json(model_dir):
    done = subprocess.run(command("--trials", "1", "--minutes", "0.5"), cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["benchmark"], said["trials"], said["verdicts"]) == ("aa", {"torchscript": 1}, 2)
    assert said["met"] == (done.returncode == 0)
    assert "trial 1 of 1, flask-torchscript-twin: p50 " in done.stdout


@pytest.mark.slow
def test_an_interrupt_sums_up_what_was_measured(model_dir, tmp_path):
    process = subprocess.Popen(
        command("--keep", str(tmp_path)), cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: list(tmp_path.glob("*/run.json")))
    process.send_signal(signal.SIGINT)
    said, aside = process.communicate(timeout=60)
    assert json.loads(said.splitlines()[-1])["trials"] == {"torchscript": 0}
    assert "trial 1 of 30 ended: interrupted" in aside
    assert process.returncode == 1

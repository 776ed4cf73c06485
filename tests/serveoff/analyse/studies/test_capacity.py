"""Capacity under an objective, on queues whose capacity is known by a long simulation."""

from functools import cache

import numpy as np
import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.studies.capacity import fit
from serveoff.loadtests.problems import WindowCode
from serveoff.record.suite import load_suite
from serveoff.report.sections.capacity import capacity
from tests.serveoff.open_loop_runs import add_open_loop, queue
from tests.serveoff.problems import died, late, problem
from tests.serveoff.synthetic import MEMORY, Scenario, write_run
from tests.serveoff.written_runs import save_run

ENDPOINT, OTHER = "flask-torchscript-rest", "flask-savedmodel-rest"
RATES = (250.0, 500.0, 700.0, 800.0, 900.0, 800.0)
BOUND_S = 0.01


@cache
def true_capacity(mean_s=0.001, sigma=0.3):
    """By long simulations: where p99 crosses the bound."""
    rates = np.linspace(600, 980, 39)
    p99 = [np.quantile(queue(rate, 300, mean_s, sigma, np.random.default_rng(7))[1], 0.99) for rate in rates]
    return float(np.interp(np.log(BOUND_S), np.log(np.maximum.accumulate(p99)), rates))


def run(folder, *rates, seed=1, **changes):
    write_run(folder, Scenario(only=(ENDPOINT, OTHER), slice_s=0.12))
    add_open_loop(folder, ENDPOINT, rates or RATES, seed=seed, **changes)
    return compare(folder)


def test_the_capacity_of_a_queue_is_found(tmp_path):
    (found,) = run(tmp_path / "run").capacity
    assert found.side == "between"
    assert found.rate.low <= found.rate.value <= found.rate.high
    assert found.rate.value == pytest.approx(true_capacity(), rel=0.1)
    assert found.per_cpu_s == pytest.approx(1000, rel=0.01), "a millisecond of CPU each"
    assert found.per_gb == pytest.approx(found.rate.value / (MEMORY["flask"] / 1e9))
    assert len(found.probes) == 12


def metered(folder, device, energy_j):
    """A run whose windows of 2 s used so many joules each."""
    run(folder, gpu_energy_j=energy_j)
    suite = load_suite(folder)
    suite.endpoint(ENDPOINT).device = device
    save_run(folder, suite)
    return compare(folder)


def test_requests_per_joule_are_those_near_the_capacity(tmp_path):
    comparison = metered(tmp_path / "run", "cuda:0", 100.0)
    (found,) = comparison.capacity
    assert found.per_joule == pytest.approx(found.rate.value * 2 / 100, rel=0.15)
    table = capacity(comparison)
    assert "Per joule" in [column.title for column in table.columns]
    assert "idle power included" in table.caption
    index = [column.title for column in table.columns].index("Per joule")
    assert [row[index].sort for row in table.rows] == [found.per_joule]


@pytest.mark.parametrize(("device", "energy_j"), [("cuda:0", None), ("cpu", 100.0), (None, 100.0), ("cuda:0", 0.0)])
def test_without_a_gpu_that_computes_and_is_metered_there_is_no_such_figure_or_column(tmp_path, device, energy_j):
    comparison = metered(tmp_path / "run", device, energy_j)
    assert [found.per_joule for found in comparison.capacity] == [None]
    table = capacity(comparison)
    assert "Per joule" not in [column.title for column in table.columns]
    assert "joule" not in table.caption.lower()
    assert all(len(row) == len(table.columns) for row in table.rows)


@pytest.mark.slow
@pytest.mark.parametrize(("runs", "least"), [(25, 0.8), pytest.param(60, 0.85, marks=pytest.mark.long)])
def test_the_interval_holds_the_capacity_about_as_often_as_it_says(tmp_path, runs, least):
    held = []
    for seed in range(runs):
        (found,) = run(tmp_path / f"run{seed}", seed=100 + seed).capacity
        held.append(found.rate.low <= true_capacity() <= found.rate.high)
    assert np.mean(held) >= least, np.mean(held)


def test_probes_of_a_search_are_no_points_and_do_not_change_the_ranking(tmp_path):
    searched = run(tmp_path / "run")
    plain = compare(write_run(tmp_path / "plain", Scenario(only=(ENDPOINT, OTHER), slice_s=0.12)))
    assert searched.others == ()
    assert [(e.name, e.rank) for e in searched.entries] == [(e.name, e.rank) for e in plain.entries]


def test_windows_of_fixed_rates_are_points_and_count_too(tmp_path):
    comparison = run(tmp_path / "run", 400.0, 850.0, search=False)
    assert [(p.load.rate, p.valid) for p in comparison.others] == [(400.0, True), (850.0, True)]
    (found,) = comparison.capacity
    assert 400 < found.rate.value <= 850


def test_where_every_rate_held_the_capacity_is_above(tmp_path):
    (found,) = run(tmp_path / "run", 200.0, 300.0).capacity
    assert (found.side, found.rate.value, found.rate.low) == ("above", 300.0, None)


def test_where_no_rate_held_it_is_below(tmp_path):
    (found,) = run(tmp_path / "run", 1300.0, 1500.0).capacity
    assert (found.side, found.rate.value) == ("below", 1300.0)
    assert "none of the rates" in found.reason


def test_where_the_lowest_rate_held_once_but_not_by_all_its_windows_together_it_is_below(tmp_path):
    write_run(tmp_path / "run", Scenario(only=(ENDPOINT,), slice_s=0.12))
    add_open_loop(tmp_path / "run", ENDPOINT, (200.0, 300.0))
    suite = load_suite(tmp_path / "run")
    tried = [window for window in suite.endpoint(ENDPOINT).windows if window.rate]
    for window in tried:
        window.errors = int(window is not next(w for w in tried if w.rate == 200.0))
    save_run(tmp_path / "run", suite)
    comparison = compare(tmp_path / "run")
    (found,) = comparison.capacity
    assert [(probe.rate, probe.holds) for probe in found.probes].count((200.0, True)) == 1
    assert (found.side, found.rate.value, found.rate.low, found.rate.high) == ("below", 200.0, None, None)
    assert "none of the rates" in found.reason
    assert "below 200" in str(capacity(comparison).rows)


def test_where_the_highest_rate_failed_once_but_holds_by_all_its_windows_together_it_is_above(tmp_path):
    write_run(tmp_path / "run", Scenario(only=(ENDPOINT,), slice_s=0.12, starts=8, rounds=16))
    add_open_loop(tmp_path / "run", ENDPOINT, (200.0, 300.0))
    suite = load_suite(tmp_path / "run")
    next(w for w in suite.endpoint(ENDPOINT).windows if w.rate == 300.0).errors = 1
    save_run(tmp_path / "run", suite)
    (found,) = compare(tmp_path / "run").capacity
    assert (found.side, found.rate.value, found.rate.low) == ("above", 300.0, None)


def test_errors_fail_a_probe_however_quick_the_rest_was(tmp_path):
    (found,) = run(tmp_path / "run", 200.0, 300.0, errors=1).capacity
    assert found.side == "below"


def test_lateness_that_changes_no_answer_is_an_interval_on_the_capacity(tmp_path):
    (on_time,) = run(tmp_path / "on time").capacity
    (found,) = run(tmp_path / "late", late_s=0.0005, problems=[late()]).capacity
    assert found.side == "between"
    assert not any(probe.problem for probe in found.probes)
    assert found.rate.value <= on_time.rate.value
    assert found.rate.high >= on_time.rate.high * 0.99, "by when they were sent, it holds what it held"


def test_where_the_objective_hangs_on_the_generator_s_lateness_there_is_no_answer(tmp_path):
    comparison = run(tmp_path / "run", 200.0, 300.0, late_s=0.009)
    (found,) = comparison.capacity
    assert {probe.problem.code for probe in found.probes} == {"late"}
    assert all(probe.sent_s < BOUND_S < probe.latency_s for probe in found.probes)
    assert (found.side, found.rate.value) == ("none", None)


def edged(folder, **at_the_edge):
    """A run that held 300 and 500 req/s, with another rate beyond."""
    write_run(folder, Scenario(only=(ENDPOINT,), slice_s=0.12))
    add_open_loop(folder, ENDPOINT, (300.0, 500.0))
    add_open_loop(folder, ENDPOINT, (600.0,), **at_the_edge)
    return compare(folder).capacity[0]


def test_a_generator_that_is_late_at_the_edge_is_the_limit(tmp_path):
    found = edged(tmp_path / "run", late_s=0.009)
    assert (found.side, found.rate.value) == ("none", None)
    assert found.reason == "the load generator is the limit: it fell behind at 600 req/s"


def test_whether_the_generator_was_the_limit_hangs_on_clocks_and_on_no_words(tmp_path):
    assert edged(tmp_path / "late", problems=[late()]).side == "above"
    assert "fell behind at 600" not in edged(tmp_path / "code", problems=[died("the generator fell behind")]).reason


@pytest.mark.parametrize("code", [WindowCode.SERVER_ENDED, WindowCode.ONLY_ERRORS, WindowCode.SERVER_SILENT])
def test_a_rate_that_breaks_the_server_is_beyond_its_capacity(tmp_path, code):
    found = edged(tmp_path / "run", problems=[problem(code, "no good answer for 1 s")])
    assert found.side == "between"
    assert 500 <= found.rate.value < 600
    assert [probe.holds for probe in found.probes if probe.rate == 600] == [False] * 2
    assert not any(probe.problem for probe in found.probes)


def test_another_objective_gives_another_capacity(tmp_path):
    write_run(tmp_path / "run", Scenario(only=(ENDPOINT,), slice_s=0.12))
    add_open_loop(tmp_path / "run", ENDPOINT, RATES)
    suite = load_suite(tmp_path / "run")
    suite.settings.objective_bound_s, suite.settings.objective_quantile = 0.004, 0.9
    save_run(tmp_path / "run", suite)
    (found,) = compare(tmp_path / "run").capacity
    assert 500 < found.rate.value < 900


def test_the_fit_never_falls_and_crosses_in_between():
    rates = np.array([100.0, 200.0, 200.0, 400.0])
    assert fit(rates, np.log([0.001, 0.004, 0.006, 0.05]), 0.01) == pytest.approx(255, rel=0.05)
    assert fit(rates, np.log([0.001, 0.002, 0.002, 0.003]), 0.01) == 400
    assert fit(rates, np.log([0.02, 0.02, 0.02, 0.03]), 0.01) == 100

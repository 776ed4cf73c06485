"""Replicas, CPU and memory for a rate, against arithmetic by hand."""

from dataclasses import replace

import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.decision.sizing import serve_with, sizing
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.studies.capacity import Capacity
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.synthetic import Scenario, write_run

NAME = "flask-torchscript-rest"
CAPACITY = Capacity(NAME, Estimate(450.0, 400.0, 500.0, 9000), "between", (), 900.0, None, "")


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("r") / "run", Scenario(only=(NAME, "flask-keras-eager-rest")))
    add_open_loop(folder, NAME, (300.0, 500.0, 700.0, 900.0, 1100.0, 1300.0))
    return compare(folder)


@pytest.fixture
def entry(comparison):
    found = comparison.entry(NAME)
    return replace(found, result=found.result.model_copy(update={"memory_bytes": 300_000_000}))


def test_a_rate_takes_the_replicas_that_hold_it_and_one_that_may_be_lost(entry):
    found = sizing(entry, [CAPACITY])
    assert found.per_replica == 400.0, "the low end of the interval"
    assert [(rate, found.at(rate).replicas) for rate in (1.0, 400.0, 401.0, 4000.0)] == [
        (1.0, 1 + 1),
        (400.0, 1 + 1),
        (401.0, 2 + 1),
        (4000.0, 10 + 1),
    ]


def test_the_table_has_rates_around_what_one_replica_holds(entry):
    assert [(row.rate, row.replicas) for row in sizing(entry, [CAPACITY]).rows] == [(10, 2), (100, 2), (1000, 4)]


def test_a_million_requests_cost_cpu_and_memory(entry):
    found = sizing(entry, [CAPACITY])
    assert found.cpu_hours_per_million == pytest.approx(1e6 / 900 / 3600)
    row = found.at(1000.0)
    assert row.memory_bytes == 4 * 300_000_000
    assert row.gb_hours_per_million == pytest.approx(4 * 0.3 * (1e6 / 1000) / 3600)


def test_a_capacity_above_all_that_was_tried_is_at_least_that(entry):
    found = sizing(entry, [replace(CAPACITY, rate=Estimate(800.0, None, None, 9000), side="above")])
    assert (found.bound, found.per_replica) == (True, 800.0)


@pytest.mark.parametrize("side", ["below", "none"])
def test_without_a_known_capacity_nothing_is_sized(entry, side):
    assert sizing(entry, [replace(CAPACITY, side=side)]) is None
    assert sizing(entry, []) is None


def test_the_run_s_own_capacity_is_the_one_that_is_sized_by(comparison):
    found = comparison.decision.sizing
    (known,) = (c for c in comparison.capacity if c.endpoint == NAME)
    assert found.capacity == known.rate
    assert found.per_replica == known.rate.low


def test_the_winner_is_served_by_the_run_s_settings(comparison, entry):
    settings = comparison.suite.settings
    assert comparison.decision.serve_with == serve_with(entry, settings)
    assert serve_with(entry, settings).command == "serveoff serve flask-torchscript --model digits_cnn"
    changed = serve_with(entry, settings.model_copy(update={"workers": 2, "batch_size": 8}))
    assert changed.service == "flask-torchscript"
    assert changed.compose == (
        "WORKERS=2 BATCH_SIZE=8 MODEL=digits_cnn docker compose up --build --wait flask-torchscript"
    )

"""The decision matrix on runs whose truth is known."""

from dataclasses import replace

import pytest

from serveoff.analyse.analysis import compare
from serveoff.record.suite import load_suite
from tests.serveoff.cold_start_runs import add_starts
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.written_runs import save_run

BEST, SLOW, TORCHSERVE, GRPC = (
    "flask-torchscript-rest",
    "flask-keras-eager-rest",
    "torchserve-torchscript-rest",
    "torchserve-torchscript-grpc",
)
FEW = Scenario(only=(BEST, SLOW, TORCHSERVE, GRPC), round_drift=0.0)
ALL = ("latency", "tail", "throughput", "cost", "cold_start", "memory", "artifact")


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    return compare(add_starts(write_run(tmp_path_factory.mktemp("r") / "run", FEW), 3))


def marks(matrix, objective):
    return {row.endpoint: row.cells[objective].mark for row in matrix.rows}


def test_every_contender_has_a_cell_for_every_objective(comparison):
    matrix = comparison.decision.matrix
    assert matrix.objectives == ALL
    assert [tuple(row.cells) for row in matrix.rows] == [ALL] * 4
    assert {row.endpoint for row in matrix.rows} == set(FEW.only)


def test_a_cell_is_the_figure_of_the_entry(comparison):
    for row in comparison.decision.matrix.rows:
        entry, cells = comparison.entry(row.endpoint), row.cells
        assert cells["latency"].estimate == entry.alone.p50_s
        assert cells["tail"].estimate == entry.alone.p99_s
        assert cells["throughput"].estimate == entry.best.throughput
        assert cells["cost"].estimate == entry.best.cpu_per_request_s
        assert cells["cold_start"].estimate == entry.first_answer_s.estimate
        assert cells["memory"].estimate.value == entry.result.memory_bytes
        assert cells["artifact"].estimate.value == entry.result.artifact_bytes
        assert cells["throughput"].concurrency == entry.best.concurrency


def test_a_mark_is_the_pair_s_verdict_against_the_best(comparison):
    matrix = comparison.decision.matrix
    assert marks(matrix, "latency") == {BEST: "best", SLOW: "worse", TORCHSERVE: "worse", GRPC: "worse"}
    assert marks(matrix, "memory") == {BEST: "best", SLOW: "best", TORCHSERVE: "worse", GRPC: "worse"}
    assert marks(matrix, "artifact") == dict.fromkeys((BEST, SLOW, TORCHSERVE, GRPC), "equal"), "within 5% none is best"


@pytest.mark.parametrize(("limit", "full"), [(2.0, False), (1.2, True)])
def test_servers_and_load_generator_that_use_up_the_run_s_cpu_limit_have_their_cores_full(tmp_path, limit, full):
    """A server uses 0.86 of its core here, and the load generator 0.28 or more of its own."""
    folder = write_run(tmp_path / "run", FEW)
    suite = load_suite(folder)
    suite.environment.machine.cpu_limit = limit
    save_run(folder, suite)
    assert ("cost" not in compare(folder).decision.matrix.objectives) is full


def test_endpoints_of_one_deployment_share_its_start(comparison):
    found = marks(comparison.decision.matrix, "cold_start")
    assert found[TORCHSERVE] == found[GRPC] == "worse"
    assert found[BEST] == "best"


def test_with_a_single_start_each_no_start_is_called_quicker(tmp_path):
    found = compare(write_run(tmp_path / "run", FEW)).decision.matrix
    assert set(marks(found, "cold_start").values()) == {"alone"}


def test_what_is_invalid_and_what_is_absent_have_no_figure(tmp_path):
    faults = Faults(gate_failed=[SLOW], unavailable=[GRPC])
    matrix = compare(write_run(tmp_path / "run", FEW, faults)).decision.matrix
    for objective in ALL:
        found = marks(matrix, objective)
        assert (found[SLOW], found[GRPC]) == ("invalid", "absent"), objective
        assert matrix.row(SLOW).cells[objective].estimate.value is None


def with_busy(folder, share):
    """Servers that spend this share of every slice."""
    suite = load_suite(folder)
    for window in (w for e in suite.endpoints for w in e.windows):
        window.server_cpu_s = share * window.duration_s
    save_run(folder, suite)
    return folder


@pytest.mark.parametrize(("share", "apart"), [(0.99, False), (0.5, True)])
def test_cost_is_an_objective_of_its_own_only_where_cores_were_not_full(tmp_path, share, apart):
    folder = with_busy(write_run(tmp_path / "run", FEW), share)
    assert ("cost" in compare(folder).decision.matrix.objectives) == apart


def test_cores_that_are_half_used_are_not_full(tmp_path):
    folder = with_busy(write_run(tmp_path / "run", FEW), 0.99)
    suite = load_suite(folder)
    suite.settings.server_cpus = [0, 1]
    save_run(folder, suite)
    assert "cost" in compare(folder).decision.matrix.objectives


def test_a_percentile_that_is_withheld_is_absent(tmp_path):
    short = replace(FEW, slice_s=0.08, rounds=2)
    found = marks(compare(write_run(tmp_path / "run", short)).decision.matrix, "tail")
    assert found[SLOW] == "absent"


def test_one_that_started_once_hides_nothing_of_the_others(tmp_path):
    folder = add_starts(write_run(tmp_path / "run", FEW), 3)
    suite = load_suite(folder)
    (alone,) = [e for e in suite.endpoints if e.endpoint == BEST]
    del alone.cold_starts[1:]
    save_run(folder, suite)
    found = marks(compare(folder).decision.matrix, "cold_start")
    assert found[BEST] == "alone"
    assert set(found.values()) > {"alone", "best"}

"""Slices become points, whatever happened to some of them."""

import numpy as np
import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.point_estimates import measure, side_by_side
from serveoff.analyse.race import look
from serveoff.analyse.slice_rows import read_run
from serveoff.analyse.statistics.draws import draw
from serveoff.analyse.statistics.sampled import resample
from serveoff.loadtests.loads import closed
from serveoff.loadtests.problems import WindowCode
from serveoff.record.suite import load_suite
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.problems import problem
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.written_runs import add_rows, rows_by_slice, save_run, table_of

ENDPOINT = "flask-torchscript-rest"
SMALL = Scenario(only=(ENDPOINT,), concurrencies=(1,), rounds=20)


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", SMALL)


def replace_worker(folder, slices, code=WindowCode.SERVER_REPLACED):
    """In so many slices a process of the server was replaced."""
    suite = load_suite(folder)
    for window in suite.endpoint(ENDPOINT).windows[:slices]:
        window.problems = [problem(code, "worker 12 was killed by its master")]
    save_run(folder, suite)


def test_a_slice_whose_server_was_replaced_does_not_count_and_is_named(run):
    whole = compare(run).entry(ENDPOINT).alone
    replace_worker(run, 2)
    point = compare(run).entry(ENDPOINT).alone
    assert point.valid
    assert point.rounds == whole.rounds - 2
    rows = rows_by_slice(run)
    counted = np.concatenate([rows[number]["latency_s"] for number in sorted(rows)[2:]])
    assert (point.samples, point.p50_s.value) == (counted.size, np.quantile(counted, 0.5))
    (said,) = point.verdict.cautions
    assert said.code == "lost slices"
    assert "2 of 20 slices were excluded, first slice 1: worker 12 was killed" in said.seen


def test_more_than_a_tenth_of_lost_slices_make_a_point_invalid(run):
    replace_worker(run, 3)
    assert [f.code for f in compare(run).entry(ENDPOINT).alone.verdict.reasons] == ["lost slices"]


@pytest.mark.parametrize("code", [WindowCode.NOT_TOGETHER, WindowCode.WORKER_LOST])
def test_a_window_whose_workers_were_not_together_is_lost_by_the_load_s_fault(run, code):
    replace_worker(run, 2, code)
    (said,) = compare(run).entry(ENDPOINT).alone.verdict.cautions
    assert (said.code, said.why) == ("lost slices", "the load was not the same in them as in the others")
    replace_worker(run, 3, code)
    assert not compare(run).entry(ENDPOINT).alone.valid


def test_an_interrupted_slice_is_left_out_without_a_word(run):
    replace_worker(run, 5, WindowCode.INTERRUPTED)
    point = compare(run).entry(ENDPOINT).alone
    assert (point.rounds, point.verdict.findings) == (15, ())


def test_a_generator_that_said_it_was_late_leaves_a_closed_loop_as_it_is(run):
    replace_worker(run, 5, WindowCode.LATE)
    point = compare(run).entry(ENDPOINT).alone
    assert (point.rounds, point.verdict.findings) == (20, ())


def test_a_start_that_is_missing_is_said(run):
    suite = load_suite(run)
    suite.settings.starts = 3
    save_run(run, suite)
    (said,) = compare(run).entry(ENDPOINT).alone.verdict.findings
    assert (said.code, said.seen) == ("missing starts", "it was measured in 2 of 3 starts")


@pytest.mark.parametrize(("late_s", "valid"), [(0.001, True), (0.008, False)])
def test_an_open_loop_has_both_clocks_and_counts_where_they_agree(run, late_s, valid):
    """2 to 3 ms at the 99th percentile, for an objective of 10 ms."""
    add_open_loop(run, ENDPOINT, (300.0,), search=False, late_s=late_s, duration_s=4.0)
    (point,) = compare(run).entry(ENDPOINT).others
    assert point.p99_s.low <= point.p99_s.value - late_s + 1e-6
    assert point.p50_s.low < point.p90_s.low < point.p99_s.low
    assert point.valid is valid
    assert [f.code for f in point.verdict.reasons] == ([] if valid else ["generator late"])


def test_a_closed_loop_counts_from_when_requests_were_sent(run):
    rows = rows_by_slice(run)
    point = compare(run).entry(ENDPOINT).alone
    assert point.p50_s.value == np.quantile(np.concatenate([r["latency_s"] for r in rows.values()]), 0.5)


def test_one_slice_has_no_interval_and_decides_nothing(tmp_path):
    names = (ENDPOINT, "flask-savedmodel-rest")
    folder = write_run(tmp_path / "run", Scenario(only=names, rounds=1, starts=1, slice_s=1.0))
    found = compare(folder)
    assert all(e.alone.p50_s.low is None for e in found.entries)
    assert found.resolution == found.start_effect == {}
    assert {row.cells["latency"].mark for row in found.decision.matrix.rows} == {"best", "undecided"}
    assert found.decision.open[0].objective == "latency"
    assert not look(folder, 1, 1).decided


def test_what_was_started_once_is_drawn_with_the_rounds_of_all(tmp_path):
    """Three starts of the contenders, one of the floor: its slices lie in the same rounds."""
    folder = write_run(
        tmp_path / "run", Scenario(only=(ENDPOINT, "inprocess-torchscript"), starts=3, concurrencies=(1,))
    )
    suite, rows = load_suite(folder), read_run(folder)
    assert len({w.start for w in suite.endpoint(ENDPOINT).windows}) == 3
    for window in suite.endpoints[1].windows:
        window.start = 1
    points = {(r.endpoint, closed(1)): measure(r, closed(1), rows) for r in suite.endpoints}
    aligned = side_by_side(points)
    mine, floor = ({s.round: s for s in of.samples} for of in aligned.values())
    assert len(floor) > 3
    assert [floor[number].unit for number in floor] == [mine[number].unit for number in floor]
    assert {s.start for s in floor.values()} == {1}
    assert len(resample(list(floor.values()), draw((s.unit for s in mine.values()), 1))["p50"].starts) == 1


def test_failed_requests_are_counted_by_their_status(run):
    suite = load_suite(run)
    (window, *_) = suite.endpoint(ENDPOINT).windows
    times = np.arange(40) / 1000
    add_rows(run, [table_of(window, times, times, np.full(40, 0.001), np.repeat([1008, 1014], [30, 10]))])
    window.requests, window.errors = window.requests + 40, 40
    save_run(run, suite)
    (finding,) = (f for f in compare(run).entry(ENDPOINT).alone.verdict.findings if f.code == "errors")
    assert finding.seen.endswith(" requests failed: 30 RESOURCE_EXHAUSTED; 10 UNAVAILABLE")


def test_no_interval_of_a_percentile_leaves_the_latencies_that_were_observed(run):
    """Two slices of a rate near the limit: one has a queue, the other none."""
    add_open_loop(run, ENDPOINT, (700.0,), search=False, duration_s=1.0)
    add_open_loop(run, ENDPOINT, (700.0,), search=False, duration_s=1.0, mean_s=0.003, seed=2)
    (point,) = compare(run).entry(ENDPOINT).others
    windows = [w.number for w in load_suite(run).endpoint(ENDPOINT).windows if w.arrivals == "poisson"]
    rows = rows_by_slice(run)
    latency_s = np.concatenate([rows[number]["latency_s"] for number in windows])
    for found in (point.p50_s, point.p90_s, point.p99_s):
        assert latency_s.min() - 1e-6 <= found.low <= found.value <= found.high <= latency_s.max() + 1e-6

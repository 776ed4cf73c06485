"""How latencies lie: the spectrum goes as far as samples allow, and every request is in a bin."""

import numpy as np
import pytest

from serveoff.analyse.analysis import analyse, compare
from serveoff.analyse.studies.distributions import Distribution, edge_s, quantiles
from serveoff.loadtests.loads import closed
from serveoff.record.percentiles import min_samples
from serveoff.record.suite import load_suite
from serveoff.report.sections import tail as tables
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.variant_runs import add_payload, add_variant
from tests.serveoff.written_runs import rows_by_slice

ENDPOINT, FLOOR, SLOW = "flask-torchscript-rest", "inprocess-torchscript", "flask-keras-eager-rest"
SCENARIO = Scenario(slice_s=0.3, only=(ENDPOINT, FLOOR, SLOW))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("r") / "run", SCENARIO)
    add_open_loop(folder, ENDPOINT, (400.0,), search=False, late_s=0.0002)
    add_payload(folder, ENDPOINT, "raw_tensor", speedup=1.5)
    add_variant(folder, ENDPOINT, "workers=2", speedup=1.3)
    return folder


@pytest.fixture(scope="module")
def analysis(run):
    return analyse(run)


@pytest.fixture(scope="module")
def comparison(analysis):
    return analysis.comparison


def of(comparison, endpoint, load="1"):
    return next(d for d in comparison.distributions if (d.point.endpoint, d.point.load.text) == (endpoint, load))


def steady(run, analysis, endpoint, concurrency):
    """Every latency at the mean speed, and the raw ones."""
    windows = load_suite(run).endpoint(endpoint).windows_of(closed(concurrency))
    rows, slower = rows_by_slice(run), analysis.evidence.slower[closed(concurrency)]
    raw = [rows[window.number]["latency_s"] for window in windows]
    shares = [np.exp(-slower.get((window.start, window.round), 0.0)) for window in windows]
    return np.concatenate([share * latency for share, latency in zip(shares, raw, strict=True)]), np.concatenate(raw)


@pytest.mark.parametrize("samples", [6, 35, 36, 367, 368, 3687, 3688, 10**6])
def test_no_quantile_is_drawn_that_the_samples_cannot_support(samples):
    drawn = quantiles(samples)
    assert drawn[0] == 0.5
    assert all(samples >= min_samples(q - 1e-6) for q in drawn)
    assert [q in drawn for q in (0.9, 0.99, 0.999)] == [samples >= n for n in (36, 368, 3688)]
    assert drawn[-1] <= 0.999


def test_the_spectrum_is_that_of_all_rows_at_the_mean_speed(run, analysis, comparison):
    found, (latency, raw) = of(comparison, ENDPOINT, "16"), steady(run, analysis, ENDPOINT, 16)
    assert latency == pytest.approx(raw, rel=0.2)
    assert latency.tolist() != raw.tolist()
    asked, values = zip(*found.spectrum, strict=True)
    assert list(values) == pytest.approx(np.quantile(latency, asked).tolist())
    assert dict(found.spectrum)[0.99] == found.point.p99_s.value


def test_every_request_is_in_its_bin(run, analysis, comparison):
    found, (latency, _) = of(comparison, ENDPOINT), steady(run, analysis, ENDPOINT, 1)
    edges = [edge_s(found.first_bin + i) for i in range(len(found.counts) + 1)]
    assert found.counts == tuple(np.histogram(latency, edges)[0])
    assert sum(found.counts) == latency.size == found.point.samples
    assert (found.least_s, found.most_s) == (latency.min(), latency.max())
    assert found.p10_s == np.quantile(latency, 0.1)


def test_the_fewest_and_the_most_callers_and_open_loops_are_described_and_variants_are_not(comparison):
    described = {(d.point.endpoint, d.point.load.text) for d in comparison.distributions}
    assert described == {
        *((name, load) for name in (ENDPOINT, SLOW) for load in ("1", "16")),
        (FLOOR, "1"),
        (ENDPOINT, "poisson@400"),
    }


def test_an_open_loop_s_wait_is_in_its_distribution(run, comparison):
    found = of(comparison, ENDPOINT, "poisson@400")
    rows = rows_by_slice(run)
    sent = [rows[w.number]["latency_s"] for w in load_suite(run).endpoint(ENDPOINT).windows if not w.load.closed]
    assert found.most_s == pytest.approx(np.concatenate(sent).max() + 0.0002, abs=1e-6)


def test_an_invalid_point_is_not_described(tmp_path):
    compared = compare(write_run(tmp_path / "run", SCENARIO, Faults(wrong_under_load=[SLOW])))
    assert SLOW not in {d.point.endpoint for d in compared.distributions}
    assert ENDPOINT in {d.point.endpoint for d in compared.distributions}


def test_p999_has_an_interval_where_there_are_samples_and_a_reason_where_there_are_not(comparison):
    plenty, few = (of(comparison, name) for name in (FLOOR, SLOW))
    assert plenty.point.samples > 3688 > few.point.samples
    assert plenty.point.p999_s.low < plenty.point.p999_s.value < plenty.point.p999_s.high
    assert few.point.p999_s.withheld == f"{few.point.samples:,} of 3,688"
    cells = {row[0].text: row for row in tables.tail(comparison).rows if row[1].text == "1 caller"}
    assert cells["eager Keras · REST"][6].text == "withheld"
    assert few.point.verdict.findings == (), "too few samples for p99.9 is no doubt about a point"


def test_without_samples_the_sentence_says_so(comparison, tmp_path):
    assert "p99.9 is" in tables.sentence(compare(write_run(tmp_path / "long", Scenario(slice_s=0.8, only=(ENDPOINT,)))))
    short = compare(write_run(tmp_path / "short", Scenario(slice_s=0.02, rounds=1, starts=1, only=(ENDPOINT,))))
    assert "most endpoints lack the samples for p90" in tables.sentence(short)
    assert all(isinstance(d, Distribution) for d in short.distributions)


def test_one_slow_contender_does_not_hide_the_others_tails(tmp_path):
    quick = ("flask-torchscript-rest", "flask-savedmodel-rest", "flask-frozen-graph-rest", "flask-torch-eager-rest")
    scenario = Scenario(slice_s=0.03, rounds=24, only=(*quick, "flask-keras-eager-rest"))
    compared = compare(write_run(tmp_path / "run", scenario))
    assert [bool(compared.entry(name).alone.p99_s.value) for name in (*quick, "flask-keras-eager-rest")] == [
        *[True] * 4,
        False,
    ]
    said = tables.sentence(compared)
    assert "p99 is" in said
    assert "of the 4 that have the samples for it" in said
    assert "eager Keras" not in said


def test_tails_are_ranked_by_a_percentile_that_most_contenders_have(tmp_path):
    """Eager Keras is slow: it has too few requests for p99.9, and still may have the longest tail."""
    scenario = Scenario(slice_s=0.8, only=(ENDPOINT, "flask-keras-eager-rest"))
    both = compare(write_run(tmp_path / "run", scenario))
    assert not both.entry("flask-keras-eager-rest").alone.p999_s.value
    assert "p99.9" not in tables.sentence(both)
    assert "p99 is" in tables.sentence(both)
    assert "eager Keras" in tables.sentence(both)

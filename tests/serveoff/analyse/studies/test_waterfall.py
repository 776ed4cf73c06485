"""Where the time goes, on runs whose servers say known shares of it."""

import csv
import io
import json

import pytest

from serveoff.analyse.analysis import compare
from serveoff.record.raw_rows import read_run_rows
from serveoff.record.suite import load_suite
from serveoff.report.formats import csv as csv_form
from serveoff.report.formats import json as json_form
from serveoff.report.formats import markdown
from serveoff.report.sections import waterfall
from tests.serveoff.signal_runs import ENCODE_S, SHARES, TOTAL, add_signals
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.written_runs import save_run

FLASK, NULL = "flask-torchscript-rest", "flask-tuned-null-rest"
TORCHSERVE, TORCHSERVE_GRPC = "torchserve-torchscript-rest", "torchserve-torchscript-grpc"
TENSORFLOW, TENSORFLOW_GRPC = "tfserving-embedded-savedmodel-rest", "tfserving-embedded-savedmodel-grpc"
FLOORS = ("inprocess-torchscript", "inprocess-savedmodel")
SERVED = (FLASK, NULL, TORCHSERVE, TORCHSERVE_GRPC, TENSORFLOW, TENSORFLOW_GRPC)


def written(folder, only=(*SERVED, *FLOORS), **signals):
    return add_signals(write_run(folder / "run", Scenario(only=only, rounds=2, round_drift=0.0)), **signals)


def broken_down(comparison):
    return {b.endpoint: b for b in comparison.waterfall}


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    return compare(written(tmp_path_factory.mktemp("r")))


@pytest.mark.parametrize("name", SERVED)
def test_the_parts_sum_to_the_mean_latency(comparison, name):
    found = broken_down(comparison)[name]
    assert found.sum_s == pytest.approx(found.whole_s, rel=1e-3)
    assert abs(found.sum_s - found.whole_s) <= found.error_s + 1e-6
    assert found.beyond_s == 0


def test_the_whole_is_the_mean_of_the_raw_rows(tmp_path):
    folder = written(tmp_path)
    (found,) = [b for b in compare(folder).waterfall if b.endpoint == FLASK]
    rows = [row for row in read_run_rows(folder).to_pylist() if row["endpoint"] == FLASK]
    latency = [row["latency_s"] for row in rows if row["measured"] and row["concurrency"] == 1]
    assert (found.whole_s, found.samples) == (pytest.approx(sum(latency) / len(latency)), len(latency))


def test_flask_tells_every_part_apart(comparison):
    found = broken_down(comparison)[FLASK]
    shares = {name: value / found.whole_s for name, value in found.parts_s.items()}
    assert shares == pytest.approx(
        {
            "inference": SHARES["predict"],
            "parse": SHARES["parse"],
            "serialise": SHARES["encode"],
            "queue": SHARES["queue"],
            "rest": TOTAL - sum(SHARES.values()),
            "overhead": 1 - TOTAL,
        },
        rel=2e-3,
    )
    assert (found.encode_s, found.told) == (pytest.approx(ENCODE_S), found.samples)


def test_tensorflow_serving_tells_parsing_and_serialising_as_one(comparison):
    for name in (TENSORFLOW, TENSORFLOW_GRPC):
        found = broken_down(comparison)[name]
        assert found.parse_holds_serialise
        assert (found.serialise_s, found.queue_s) == (None, None)
        assert found.parse_s == pytest.approx((TOTAL - SHARES["predict"]) * found.whole_s, rel=2e-3)
    row = next(row for row in waterfall.waterfall(comparison).rows if row[0].text == "SavedModel · gRPC")
    assert (row[4].small, row[6].text, row[7].text) == ("and serialise", "in parse", "in parse")


def test_without_a_total_of_the_server_all_but_its_parts_is_unattributed(comparison):
    found = broken_down(comparison)[TORCHSERVE_GRPC]
    assert (found.overhead_s, found.queue_s) == (None, None)
    known = SHARES["parse"] + SHARES["predict"] + SHARES["encode"]
    assert found.rest_s == pytest.approx((1 - known) * found.whole_s, rel=2e-3)
    assert any("No total of its own: TorchScript on TorchServe (gRPC)" in d for d in _doubts(comparison))


def test_the_floor_is_beside_its_format(comparison):
    found = broken_down(comparison)
    assert found[FLASK].floor_s == found[TORCHSERVE].floor_s
    assert 0 < found[FLASK].floor_s < found[FLASK].whole_s
    assert found[NULL].floor_s is None


def test_a_silent_server_is_wholly_unattributed(tmp_path):
    comparison = compare(written(tmp_path, only=(FLASK, TORCHSERVE), silent=(TORCHSERVE,)))
    found = broken_down(comparison)[TORCHSERVE]
    assert (found.told, found.parts_s) == (0, {"rest": found.whole_s})
    assert (found.inference_s, found.overhead_s) == (None, None), "missing, not zero"
    assert any("No server signals could be read for TorchScript on TorchServe" in d for d in _doubts(comparison))


def test_a_run_without_any_signal_has_no_such_section(tmp_path):
    comparison = compare(write_run(tmp_path / "run", Scenario(only=(FLASK,))))
    assert comparison.waterfall == ()
    assert "Where the time goes" not in markdown.render(comparison)


def test_a_window_without_signals_does_not_pull_the_means_down(tmp_path):
    folder = written(tmp_path, only=(TORCHSERVE, FLASK))
    suite = load_suite(folder)
    suite.endpoint(TORCHSERVE).windows[0].counters = {}
    save_run(folder, suite)
    found = broken_down(compare(folder))[TORCHSERVE]
    assert found.inference_s == pytest.approx(SHARES["predict"] * found.whole_s, rel=0.05)
    assert found.told < found.samples
    assert found.error_s > 0.3 * found.whole_s, "half of its requests are not in the server's figures, and it says so"


def test_a_server_that_claims_more_than_was_measured_is_not_believed(tmp_path):
    comparison = compare(written(tmp_path, only=(FLASK,), total=1.1))
    found = broken_down(comparison)[FLASK]
    assert found.beyond_s == pytest.approx(0.1 * found.whole_s, rel=1e-2)
    (row,) = waterfall.waterfall(comparison).rows
    assert row[8].text == "does not add up"
    assert any("is not drawn" in doubt for doubt in _doubts(comparison))
    (line,) = [line for line in _csv(comparison) if line["load"] == "1"]
    assert (line["mean_inference_s"], line["mean_whole_s"]) == ("", "")


def test_parts_that_exceed_the_server_s_own_total_are_not_believed(tmp_path):
    found = broken_down(compare(written(tmp_path, only=(FLASK,), total=0.5)))[FLASK]
    assert found.beyond_s == pytest.approx((sum(SHARES.values()) - 0.5) * found.whole_s, rel=1e-2)


def test_a_little_more_is_within_the_tolerance_and_the_sum_says_so(tmp_path):
    found = broken_down(compare(written(tmp_path, only=(FLASK,), total=1.005)))[FLASK]
    assert (found.beyond_s, found.overhead_s) == (0, 0)
    assert found.sum_s == pytest.approx(1.005 * found.whole_s, rel=1e-3)


def test_counters_of_a_few_requests_more_give_the_same_means_and_a_wider_error(tmp_path, comparison):
    exact = broken_down(comparison)[TORCHSERVE]
    found = broken_down(compare(written(tmp_path, lag=5)))[TORCHSERVE]
    assert found.inference_s == pytest.approx(exact.inference_s, rel=2e-4)
    rounding_s = exact.error_s
    assert 0 < rounding_s < 1e-6
    more = TOTAL * found.whole_s * 10 / found.samples
    assert found.error_s == pytest.approx(more + rounding_s, rel=1e-3), "five more in each of two rounds"


def test_every_form_has_the_same_figures(comparison):
    found = broken_down(comparison)[FLASK]
    (entry,) = [e for e in json.loads(json_form.render(comparison))["where_the_time_goes"] if e["endpoint"] == FLASK]
    assert entry["inference_s"] == found.inference_s
    assert entry["sum_s"] == found.sum_s
    (line,) = [line for line in _csv(comparison) if (line["endpoint"], line["load"]) == (FLASK, "1")]
    assert float(line["mean_inference_s"]) == found.inference_s
    (four,) = [line for line in _csv(comparison) if (line["endpoint"], line["load"]) == (FLASK, "4")]
    assert four["mean_inference_s"] == ""
    text = markdown.render(comparison)
    assert "## Where the time goes" in text
    assert waterfall.sentence(comparison).split(" takes ")[0] in text


def _doubts(comparison):
    return waterfall.doubts(comparison)


def _csv(comparison):
    return list(csv.DictReader(io.StringIO(csv_form.render(comparison))))

"""What a cold start is made of, and what its repeats say, on runs whose truth is known."""

import csv
import io
import json

import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.studies.cold_start import pieces
from serveoff.record.cold_starts import ColdStart
from serveoff.report import write_all
from serveoff.report.formats import csv as csv_form
from serveoff.report.phrases.names import deployment_phrase
from serveoff.report.sections import cold_starts
from tests.serveoff.cold_start_runs import FIRST_REQUEST_S, UNWARMED_REQUEST_S, WARM_UP_S, add_starts, fail_start
from tests.serveoff.synthetic import Scenario, write_run

NAMES = (
    *("flask-torchscript-rest", "flask-savedmodel-rest", "torchserve-torchscript-grpc", "torchserve-torchscript-rest"),
    *("tfserving-embedded-savedmodel-rest", "flask-tuned-null-rest", "inprocess-torchscript"),
)
SCENARIO = Scenario(slice_s=0.1, only=NAMES, round_drift=0.0)
TOLD = ColdStart(
    ready_s=2.98,
    first_answer_s=3.0,
    phases={"worker": 1.0, "imported": 2.0, "loaded": 2.5, "warmed": 2.75},
    first_request_s=0.01,
)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    return compare(add_starts(write_run(tmp_path_factory.mktemp("r") / "run", SCENARIO), 3, without=1, step=0.1))


def found(comparison, deployment):
    return next(s for s in comparison.cold_starts if s.entry.result.deployment == deployment)


def test_pieces_end_where_the_log_says_and_sum_up_to_the_first_answer():
    parts = pieces(TOLD)
    assert parts == pytest.approx(
        {"frontend": 1.0, "imports": 1.0, "load": 0.5, "warmup": 0.25, "rest": 0.24, "first_request": 0.01}
    )
    assert sum(parts.values()) == pytest.approx(TOLD.first_answer_s)


def test_an_engine_s_part_comes_first_and_moves_the_others():
    parts = pieces(TOLD.model_copy(update={"start_s": 0.2}))
    assert parts["engine"] == pytest.approx(0.2)
    assert parts["imports"] == pytest.approx(1.0)
    assert sum(parts.values()) == pytest.approx(TOLD.first_answer_s)


def test_an_engine_that_reports_late_takes_nothing_from_the_server_s_own_time():
    parts = pieces(TOLD.model_copy(update={"start_s": 1.5}))
    assert parts["engine"] == pytest.approx(TOLD.ready_s - TOLD.phases["warmed"])
    assert (parts["load"], parts["warmup"]) == (pytest.approx(0.5), pytest.approx(0.25))
    assert sum(parts.values()) == pytest.approx(TOLD.first_answer_s)


def test_a_phase_that_seems_to_end_after_the_first_request_began_takes_nothing_from_it():
    late = TOLD.model_copy(update={"phases": {**TOLD.phases, "warmed": 3.004}})
    parts = pieces(late)
    assert min(parts.values()) >= 0
    assert parts["first_request"] == pytest.approx(0.01)
    assert sum(parts.values()) == pytest.approx(TOLD.first_answer_s)


def test_a_server_that_writes_no_phases_is_not_taken_apart():
    assert pieces(TOLD.model_copy(update={"phases": {}})) == pytest.approx({"untold": 2.99, "first_request": 0.01})


def test_the_null_service_s_interpreter_is_no_loading_of_a_model(comparison):
    assert "imports" in found(comparison, "flask-tuned-null").warm.pieces


def test_the_median_of_the_repeats_has_their_range(comparison):
    starts = found(comparison, "flask-torchscript")
    spread = starts.warm.first_answer_s
    known = sorted(s.first_answer_s for s in starts.entry.result.cold_starts if s.warmup)
    assert (spread.low, spread.value, spread.high) == tuple(known)
    assert (spread.bounds, spread.count) == ("range", 3)
    assert sum(starts.warm.pieces.values()) == pytest.approx(sum(known) / 3)
    assert starts.warm.pieces["warmup"] == pytest.approx(WARM_UP_S, abs=2e-3)


def test_the_first_request_is_set_against_the_same_endpoint_s_p50(comparison):
    starts = found(comparison, "torchserve-torchscript")
    assert starts.entry.result.protocol == starts.first.protocol == "rest"
    p50_s = comparison.entry("torchserve-torchscript-rest").at(1).p50_s.value
    assert starts.warm.penalty.value == pytest.approx(FIRST_REQUEST_S / p50_s)
    assert starts.bare.penalty.value == pytest.approx(UNWARMED_REQUEST_S / p50_s)


def test_without_warm_up_is_known_of_servers_that_have_one(comparison):
    assert found(comparison, "flask-torchscript").bare.first_answer_s.bounds == "none"
    assert found(comparison, "tfserving-embedded-savedmodel").bare is None


def test_floors_and_null_are_started_once(comparison):
    for name in ("flask-tuned-null", "inprocess-torchscript"):
        starts = found(comparison, name)
        assert (starts.warm.first_answer_s.count, starts.bare) == (1, None)
    assert found(comparison, "inprocess-torchscript").warm.first_request_s is None


def test_what_came_first_is_named(comparison):
    first = min(comparison.cold_starts, key=lambda s: s.first.order)
    assert first.first.order == 1
    assert deployment_phrase(first.entry.result) in cold_starts.sentences(comparison)[1]


def starts(comparison):
    """The cold starts of the matrix, by endpoint."""
    return {row.endpoint: row.cells["cold_start"] for row in comparison.decision.matrix.rows}


def test_the_matrix_s_median_has_a_range_and_overlap_is_undecided(comparison):
    cells = starts(comparison)
    assert {cell.bounds for cell in cells.values()} == {"range"}
    assert [cell.mark for cell in cells.values()].count("best") == 1
    assert "undecided" in {cell.mark for cell in cells.values()}, "starts of 10% apart overlap"


def test_starts_that_do_not_overlap_have_a_winner(tmp_path):
    only = ("flask-torchscript-rest", "tfserving-embedded-frozen-graph-rest")
    run = add_starts(write_run(tmp_path / "run", Scenario(slice_s=0.06, only=only, native=True)), 3, step=0.02)
    cells = starts(compare(run))
    assert [cells[name].mark for name in only] == ["best", "worse"]
    assert cells[only[0]].estimate.high < cells[only[1]].estimate.low


def test_six_starts_have_a_95_percent_interval(tmp_path):
    comparison = compare(add_starts(write_run(tmp_path / "run", Scenario(slice_s=0.06, only=NAMES[:2])), 6))
    assert {cell.bounds for cell in starts(comparison).values()} == {"interval"}
    assert "95% interval of the starts" in cold_starts.totals(comparison).caption


def test_a_single_start_has_no_interval_and_old_runs_still_have_it(tmp_path):
    comparison = compare(write_run(tmp_path / "run", Scenario(slice_s=0.06, only=NAMES[:2])))
    assert {cell.bounds for cell in starts(comparison).values()} == {"none"}
    assert "One start of each deployment" in cold_starts.sentences(comparison)[0]
    assert [list(s.warm.pieces) for s in comparison.cold_starts] == [["untold"], ["untold"]]


def test_a_failed_start_is_told_and_counts_for_nothing(tmp_path):
    run = add_starts(write_run(tmp_path / "run", Scenario(slice_s=0.06, only=NAMES[:2])), 3)
    fail_start(run, "flask-torchscript", "flask-torchscript ended (exit code 1) before it could open its port\nlog")
    comparison = compare(run)
    assert found(comparison, "flask-torchscript").warm.first_answer_s.count == 3
    assert "1 of the starts of TorchScript on Flask failed" in cold_starts.sentences(comparison)[-1]
    cells = {row[0].text: row[-1] for row in cold_starts.totals(comparison).rows}
    assert (cells["TorchScript"].text, cells["TorchScript"].small) == ("3", "1 failed")


def test_every_form_carries_the_same_figures(comparison, tmp_path):
    starts = found(comparison, "flask-torchscript")
    lines = csv.DictReader(io.StringIO(csv_form.render(comparison)))
    line = next(line for line in lines if line["endpoint"] == "flask-torchscript-rest")
    assert float(line["cold_start_s"]) == starts.warm.first_answer_s.value
    assert float(line["cold_start_s_high"]) == starts.warm.first_answer_s.high
    assert (line["cold_start_bounds"], line["cold_start_count"]) == ("range", "3")
    first = starts.warm.first_request_s
    bounds = (line["cold_start_first_request_s"], line["cold_start_first_request_s_high"])
    assert tuple(map(float, bounds)) == (first.value, first.high), "a median has a median's bounds, not a mean"
    assert float(line["cold_start_mean_first_request_s"]) == starts.warm.pieces["first_request"]
    assert float(line["cold_start_without_warmup_first_request_s"]) == UNWARMED_REQUEST_S
    assert float(line["cold_start_mean_warmup_s"]) == starts.warm.pieces["warmup"]
    paths = write_all(comparison, tmp_path)
    (record,) = (
        r for r in json.loads(paths["json"].read_text())["cold_starts"] if r["deployment"] == "flask-torchscript"
    )
    assert record["warm"]["first_answer_s"]["value"] == starts.warm.first_answer_s.value
    assert record["warm"]["pieces"] == starts.warm.pieces
    assert record["without_warmup"]["penalty"]["value"] == starts.bare.penalty.value
    for sentence in cold_starts.sentences(comparison):
        assert sentence in paths["markdown"].read_text()

"""A run in a results folder becomes one comparison."""

import json
from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from serveoff.analyse.analysis import analyse, compare
from serveoff.analyse.evidence import LATENCY
from serveoff.analyse.statistics.estimates import NOTHING
from serveoff.record.reading import ResultsError
from serveoff.record.suite import load_suite
from serveoff.report.formats.json import render as as_json
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.written_runs import add_rows, rows_file, save_run

RANKED = 10
SMALL = Scenario(slice_s=0.2)
TORCH = ("flask-torchscript-rest", "flask-torch-eager-rest")
KERAS = ("flask-savedmodel-rest", "flask-keras-eager-rest")
STAND_IN = ("tfserving-embedded-savedmodel-rest", "tfserving-embedded-savedmodel-grpc")
FEW = Scenario(only=(*TORCH, *KERAS), concurrencies=(1, 16))


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return compare(write_run(tmp_path_factory.mktemp("results") / "clean", SMALL))


def marked(comparison, objective, *marks):
    """The contenders that have one of these marks on an objective."""
    return {row.endpoint for row in comparison.decision.matrix.rows if row.cells[objective].mark in marks}


def test_every_endpoint_of_the_registry_is_an_entry_and_only_contenders_rank(clean):
    roles = [entry.role for entry in clean.entries]
    assert (roles.count("contender"), roles.count("floor"), roles.count("null"), roles.count("stand-in")) == (
        *(RANKED, 5, 1),
        4,
    )
    assert [e.rank for e in clean.entries if e.role == "contender"] == list(range(1, RANKED + 1))
    assert {e.rank for e in clean.entries if e.role != "contender"} == {None}


def test_the_ranking_is_by_p50_with_one_caller(clean):
    p50 = [entry.alone.p50_s.value for entry in clean.entries if entry.rank]
    assert p50 == sorted(p50)
    assert {entry.alone.concurrency for entry in clean.entries} == {1}
    assert clean.entries[RANKED - 1].name == "flask-keras-eager-rest"


def test_percentiles_are_recomputed_from_measured_answered_rows(tmp_path):
    folder = write_run(tmp_path / "run", Scenario(only=("flask-savedmodel-rest",)))
    point = compare(folder).entries[0].at(4)
    tables = [pq.read_table(path).to_pydict() for path in sorted((folder / "rows").glob("*.parquet"))]
    counted = [
        latency
        for t in tables
        for latency, c, measured, status in zip(
            t["latency_s"], t["concurrency"], t["measured"], t["status"], strict=True
        )
        if c == 4 and measured and status == 200
    ]
    assert point.samples == len(counted)
    found = [point.p50_s.value, point.p90_s.value, point.p99_s.value]
    assert found == list(np.quantile(counted, [0.5, 0.9, 0.99])), "an endpoint alone has no drift in common with others"


def test_a_faster_endpoint_wins_with_a_margin_that_holds_the_truth(tmp_path):
    scenario = replace(FEW, speedup={"flask-torchscript-rest": 2.0})
    found = analyse(write_run(tmp_path / "run", scenario))
    assert marked(found.comparison, "latency", "best") == {"flask-torchscript-rest"}
    assert marked(found.comparison, "latency", "equal", "undecided") == set()
    pair = found.evidence.pair(LATENCY, *(found.comparison.entry(name).alone for name in TORCH))
    assert pair.outcome == "faster"
    assert pair.ratio.low <= 2 * 0.00064 / 0.00063 <= pair.ratio.high


def test_equal_endpoints_are_not_called_faster(tmp_path):
    scenario = Scenario(slice_s=0.4, only=TORCH, speedup={"flask-torch-eager-rest": 0.00064 / 0.00063})
    found = compare(write_run(tmp_path / "run", scenario))
    assert len(marked(found, "latency", "equal", "undecided")) == 1
    assert marked(found, "latency", "worse") == set()


def test_throughput_is_the_best_over_concurrencies_and_cost_is_cpu_per_request(clean):
    (name,) = marked(clean, "throughput", "best")
    rates = [p.throughput.value for p in clean.points if p.endpoint == name]
    assert clean.decision.matrix.row(name).cells["throughput"].estimate.value == max(rates)
    point = clean.entry(name).best
    assert point.cpu_per_request_s.value == pytest.approx(0.86 * SMALL.slice_s * SMALL.rounds / point.samples, rel=1e-3)


def test_a_load_that_few_rounds_have_is_no_one_s_best_while_a_raced_one_counts(clean):
    entry = clean.entry("flask-torchscript-rest")
    alone, between, most = entry.points
    quicker = replace(between, throughput=replace(between.throughput, value=2 * most.throughput.value))
    assert replace(entry, points=(alone, quicker, most)).best in (alone, most)
    lost = [replace(p, throughput=NOTHING) for p in (alone, most)]
    assert replace(entry, points=(lost[0], quicker, lost[1])).best is quicker


def test_cold_start_and_memory_are_by_deployment_and_carry_no_interval(clean):
    for objective in ("cold_start", "memory", "artifact"):
        assert {row.cells[objective].estimate.low for row in clean.decision.matrix.rows} == {None}
        assert marked(clean, objective, "best", "equal") or objective == "cold_start", "one start each ranks nobody"


def test_overhead_is_measured_against_the_floor_of_the_same_format(clean):
    entry, floor = clean.entry("flask-savedmodel-rest"), clean.entry("inprocess-savedmodel")
    assert entry.overhead.value == pytest.approx(entry.alone.p50_s.value / floor.alone.p50_s.value)
    assert entry.overhead.low <= 1.03 / 0.61 <= entry.overhead.high
    assert floor.overhead is None


def test_overhead_is_not_given_where_the_floor_had_fewer_callers(tmp_path):
    scenario = Scenario(only=("flask-savedmodel-rest", "inprocess-savedmodel"), concurrencies=(4,))
    assert compare(write_run(tmp_path / "run", scenario)).entry("flask-savedmodel-rest").overhead is None


def test_a_stand_in_is_shown_and_never_ranks_wins_or_decides(clean):
    shown = [entry for entry in clean.entries if entry.role == "stand-in"]
    assert all(entry.alone.sound and entry.overhead is not None for entry in shown)
    names = {entry.name for entry in shown}
    assert names.isdisjoint(row.endpoint for row in clean.decision.matrix.rows)
    assert not [e for claim in clean.claims for e in claim.exhibits if {e.mine, e.other} & names]


def test_null_calibrates_and_never_ranks(clean):
    assert clean.calibration.endpoint == "flask-tuned-null-rest"
    assert clean.calibration.ceiling.value > max(p.throughput.value for e in clean.entries if e.rank for p in e.points)


def test_static_graphs_are_set_against_dynamic_ones_in_the_same_place(clean):
    claim = clean.claims[0]
    found = {(c.mine, c.load.concurrency, c.metric): c for c in claim.evidence}
    keras = found["flask-savedmodel-rest", 1, "p50"]
    assert (keras.group, keras.other) == ("TensorFlow 2", "flask-keras-eager-rest")
    assert keras.figure.low <= 3.78 / 1.03 <= keras.figure.high
    assert ("inprocess-torchscript", 1, "p50") in found
    assert claim.verdict == "mixed", "the two forms of PyTorch are 1.6% apart: tied within 5%"


def test_the_claim_is_confirmed_only_where_both_frameworks_say_so(tmp_path):
    slow = replace(FEW, speedup={"flask-torch-eager-rest": 0.5})
    assert compare(write_run(tmp_path / "slow", slow)).claims[0].verdict == "confirmed"
    alone = Scenario(only=KERAS)
    assert compare(write_run(tmp_path / "alone", alone)).claims[0].verdict == "not measured"
    none = Scenario(only=("flask-tuned-null-rest",))
    assert compare(write_run(tmp_path / "none", none)).claims[0].verdict == "not measured"


def test_a_deployment_that_answers_wrongly_ranks_on_none_of_its_endpoints(tmp_path):
    faults = Faults(wrong_under_load=["tfserving-embedded-savedmodel-grpc"], gate_failed=["flask-torchscript-rest"])
    found = compare(write_run(tmp_path / "run", replace(FEW, only=(*TORCH, *KERAS, *STAND_IN), native=True), faults))
    out = {"tfserving-embedded-savedmodel-grpc", "tfserving-embedded-savedmodel-rest", "flask-torchscript-rest"}
    assert {e.name for e in found.entries if e.role == "contender" and e.rank is None} == out
    for objective in found.decision.matrix.objectives:
        assert out.isdisjoint(marked(found, objective, "best", "equal", "undecided"))
    assert all(not c.mine.startswith("flask-torchscript") for c in found.claims[0].evidence)


def test_one_wrong_answer_under_one_load_leaves_no_load_of_the_deployment_valid(tmp_path):
    names = ("torchserve-torchscript-rest", "torchserve-torchscript-grpc", "flask-torchscript-rest")
    folder = write_run(tmp_path / "run", replace(FEW, only=names))
    suite = load_suite(folder)
    next(w for w in suite.endpoint(names[0]).windows if w.concurrency == 16).wrong_answers = 1
    save_run(folder, suite)
    found = compare(folder)
    said = {point.concurrency: [f.seen for f in point.verdict.reasons] for point in found.entry(names[0]).points}
    assert said[1] == ["it answered wrongly under another load"]
    assert said[16][0].startswith("1 of ")
    assert not any(point.valid for name in names[:2] for point in found.entry(name).points)
    assert found.decision.recommended == names[2] or found.decision.refused


def test_a_killed_server_makes_its_point_invalid_and_the_rest_goes_on(tmp_path):
    found = compare(write_run(tmp_path / "run", FEW, Faults(killed=["flask-savedmodel-rest"])))
    (bad,) = found.invalid
    assert (bad.endpoint, bad.concurrency) == ("flask-savedmodel-rest", 16)
    assert any("killed by signal 9" in f.seen for f in bad.verdict.reasons)
    assert found.entry("flask-savedmodel-rest").rank is not None


def test_an_endpoint_that_could_not_run_is_a_row_with_its_reason(tmp_path):
    found = compare(
        write_run(
            tmp_path / "run",
            replace(FEW, only=("torchserve-torchscript-rest",)),
            Faults(unavailable=["torchserve-torchscript-rest"]),
        )
    )
    (entry,) = found.unavailable
    assert "Java" in entry.result.unavailable.text
    assert (entry.points, entry.rank) == ((), None)


def test_a_partial_run_is_compared_and_marked(tmp_path):
    faults = Faults(partial_after_round=5, never_reached=["flask-torch-eager-rest"])
    found = compare(write_run(tmp_path / "run", FEW, faults))
    assert found.partial
    assert {p.endpoint for p in found.invalid} == {"flask-torch-eager-rest"}
    measured = found.entry("flask-torchscript-rest")
    assert measured.rank == 1
    assert (measured.alone.rounds, measured.alone.starts) == (5, 1)


def test_missing_or_broken_rows_are_a_reason_not_a_crash(tmp_path):
    folder = write_run(tmp_path / "run", FEW)
    table = pq.read_table(rows_file(folder))
    first = pc.equal(table["endpoint"].cast("string"), TORCH[0])
    pq.write_table(table.filter(pc.invert(first)), rows_file(folder))
    add_rows(folder, [table.filter(first)])
    broken = folder / "rows" / "000002.parquet"
    broken.write_bytes(b"half a file")
    found = compare(folder)
    assert {p.endpoint for p in found.invalid} == {TORCH[0]}
    assert "000002.parquet" in found.entry(TORCH[0]).alone.verdict.reasons[0].seen
    broken.unlink()
    assert "are missing" in compare(folder).entry(TORCH[0]).alone.verdict.reasons[0].seen


def test_the_same_folder_gives_the_same_comparison_to_the_last_digit(tmp_path):
    folder = write_run(tmp_path / "run", FEW)
    assert as_json(compare(folder)) == as_json(compare(folder))


def test_json_holds_the_whole_comparison(clean):
    document = json.loads(as_json(clean))
    assert len(document["entries"]) == len(clean.entries)
    first = document["entries"][0]["points"][0]
    assert first["p50_s"]["value"] == clean.entries[0].alone.p50_s.value
    assert document["decision"]["matrix"]["rows"][0]["endpoint"] == clean.decision.recommended


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(ResultsError, match="nowhere"):
        compare(tmp_path / "nowhere")


def test_where_a_gpu_was_asked_for_an_endpoint_that_fell_back_to_the_cpu_does_not_count(tmp_path):
    folder = write_run(tmp_path / "run", FEW)
    suite = load_suite(folder)
    suite.settings.device = "cuda"
    for endpoint in suite.endpoints:
        endpoint.device = "cuda:0" if endpoint.endpoint in TORCH else "cpu"
    save_run(folder, suite)
    found = compare(folder)
    for name in TORCH:
        assert all(point.valid for point in found.entry(name).points)
    for name in KERAS:
        assert {reason.code for point in found.entry(name).points for reason in point.verdict.reasons} == {"device"}


def test_no_server_is_faster_than_the_model_itself(tmp_path):
    """The eager Keras one remembers its answers: no point of it counts, however many callers it has."""
    only, liar = (*KERAS, "inprocess-savedmodel", "inprocess-keras-eager"), KERAS[1]
    scenario = Scenario(only=only, concurrencies=(1, 16), speedup={liar: 20.0})
    found = compare(write_run(tmp_path / "run", scenario))
    assert found.entry(liar).rank is None
    for point in found.entry(liar).points:
        assert "faster than the model itself" in [reason.code for reason in point.verdict.reasons]
    assert found.entry(KERAS[0]).alone.valid
    elsewhere = compare(write_run(tmp_path / "gpu", replace(scenario), Faults(devices={"flask-keras-eager": "cuda:0"})))
    assert elsewhere.entry(liar).alone.valid, "its floor computed on the CPU"


def test_a_core_that_server_and_generator_share_is_a_caution_of_every_point(tmp_path):
    folder = write_run(tmp_path / "run", FEW)
    suite = load_suite(folder)
    suite.settings.client_cpus = suite.settings.server_cpus
    save_run(folder, suite)
    for entry in compare(folder).entries:
        assert "shared cores" in [finding.code for finding in entry.alone.verdict.cautions]

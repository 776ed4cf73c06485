"""Claims about speed: graphs (C1, C2), TF1 and TF2 (C7), servers (C8), Keras's own API (C9), replicas (C10)."""

import pytest

from serveoff.record.suite import load_suite
from tests.serveoff.claim_runs import add_batches, add_predict, serve_natively, set_replication
from tests.serveoff.problems import died
from tests.serveoff.synthetic import Faults
from tests.serveoff.variant_runs import add_variant
from tests.serveoff.written_runs import save_run

TF2 = ("flask-savedmodel-rest", "flask-keras-eager-rest")
TORCH = ("flask-torchscript-rest", "flask-torch-eager-rest")
FLOORS = ("inprocess-savedmodel", "inprocess-keras-eager", "inprocess-torchscript", "inprocess-torch-eager")
NATIVE = ("tfserving-embedded-savedmodel-rest", "tfserving-embedded-savedmodel-grpc")
TORCHSERVE = ("torchserve-torchscript-rest", "torchserve-torchscript-grpc")
FROZEN = ("flask-frozen-graph-rest", "tfserving-embedded-frozen-graph-rest", "tfserving-embedded-frozen-graph-grpc")
SLOW_EAGER = {"flask-torch-eager-rest": 0.5, "inprocess-torch-eager": 0.5}
SLOW_GRAPHS = {n: 0.1 for n in (TF2[0], TORCH[0], FLOORS[0], FLOORS[2])}


def voices(claim):
    return [e.speaks for e in claim.exhibits if e.speaks]


def test_c1_is_confirmed_by_both_frameworks_and_its_figures_are_the_sections(run, judge):
    claim = judge(run(*TF2, *TORCH, speedup=SLOW_EAGER), "C1")
    assert claim.verdict == "confirmed"
    shown = {(c.group, c.mine, c.load.concurrency, c.metric): c.figure for c in claim.evidence}
    assert [e.figure for e in claim.exhibits] == [shown[e.group, e.mine, 1, "p50"] for e in claim.exhibits]
    assert {(key[1], key[2]) for key in shown} == {
        (graph, callers) for graph in (TF2[0], TORCH[0]) for callers in (1, 16)
    }
    assert [e.group for e in claim.exhibits if e.leads] == ["TensorFlow 2", "PyTorch"]


def parts(claim):
    return {part.group: part.verdict for part in claim.parts}


def test_c1_is_refuted_or_not_measured(run, judge):
    assert judge(run(*TF2, *TORCH, speedup=SLOW_GRAPHS), "C1").verdict == "refuted"
    one = judge(run(*TF2), "C1")
    assert (one.verdict, parts(one)) == ("not measured", {"TensorFlow 2": "confirmed", "PyTorch": "not measured"})
    assert one.measure == "`serveoff run 'flask-*'`"
    none = judge(run("flask-tuned-null-rest"), "C1")
    assert (none.verdict, none.measure) == ("not measured", "`serveoff run 'flask-*'`")


def test_c1_does_not_rest_on_a_point_that_does_not_count(run, judge):
    claim = judge(run(*TF2, *TORCH, speedup=SLOW_EAGER, faults=Faults(gate_failed=[TORCH[0]])), "C1")
    assert (claim.verdict, voices(claim)) == ("undecided", ["for", "open"])
    (invalid,) = [e for e in claim.exhibits if e.group == "PyTorch"]
    assert (invalid.figure, invalid.speaks) == (None, "open")
    assert "INVALID, gate failed" in invalid.shows


def objective(folder, bound_s):
    suite = load_suite(folder)
    suite.settings.objective_bound_s = bound_s
    save_run(folder, suite)
    return folder


def test_c2_is_judged_at_every_batch_size_in_process_and_behind_flask(run, judge):
    folder = objective(run(*FLOORS, *TF2, *TORCH, speedup=SLOW_EAGER, slice_s=0.6), 1e-4)
    add_batches(folder, FLOORS)
    claim = judge(folder, "C2")
    assert claim.verdict == "confirmed"
    found = {(e.group.split()[-1], e.mine.split("-")[0], e.load.batch) for e in claim.exhibits if e.speaks and e.other}
    in_process = {(group, "inprocess", rows) for group in ("2", "PyTorch") for rows in (1, 32)}
    assert found == in_process | {("2", "flask", 1), ("PyTorch", "flask", 1)}


def test_c2_an_eager_endpoint_that_holds_the_objective_speaks_against_it(run, judge):
    folder = run(*FLOORS, *TF2, *TORCH, speedup=SLOW_EAGER, slice_s=0.6)
    held = parts(judge(objective(folder, 1.0), "C2"))
    assert (held["deploying TensorFlow 2"], held["deploying PyTorch"]) == ("refuted", "refuted")
    claim = judge(objective(folder, 1e-4), "C2")
    missed = parts(claim)
    assert (missed["deploying TensorFlow 2"], missed["deploying PyTorch"]) == ("confirmed", "confirmed")
    (keras,) = [e for e in claim.exhibits if e.group == "deploying TensorFlow 2"]
    assert (keras.mine, keras.metric, keras.shows) == (TF2[1], "p99", "objective: at most 0.1 ms")
    edge = (keras.figure.low + keras.figure.high) / 2
    assert parts(judge(objective(folder, edge), "C2"))["deploying TensorFlow 2"] == "undecided"


def test_c2_graphs_that_gain_nothing_refute_it_and_a_missing_framework_leaves_it_unmeasured(run, judge):
    refuted = judge(objective(run(*FLOORS, *TF2, *TORCH, speedup=SLOW_GRAPHS, slice_s=0.6), 1.0), "C2")
    assert {part.verdict for part in refuted.parts} == {"refuted"}
    assert judge(run(*FLOORS[:2]), "C2").verdict == "not measured"
    none = judge(run("flask-tuned-null-rest"), "C2")
    assert (none.verdict, "--batches" in none.measure) == ("not measured", True)


def test_a_claim_and_the_section_on_static_graphs_have_one_verdict_for_a_pair(run, judge):
    folder = run(*FLOORS, *TF2, *TORCH)
    claims = {name: judge(folder, name) for name in ("C1", "C2")}
    section = {
        (c.mine, c.other): (c.figure, c.outcome)
        for c in claims["C1"].evidence
        if (c.metric, c.load.concurrency) == ("p50", 1)
    }
    ruled = {(e.mine, e.other): (e.figure, e.outcome) for e in claims["C2"].exhibits if e.other}
    shared = section.keys() & ruled.keys()
    assert len(shared) == 4
    assert {pair: section[pair] for pair in shared} == {pair: ruled[pair] for pair in shared}


def leading(claim):
    return [(e.mine, e.other, e.outcome) for e in claim.exhibits if e.leads]


def test_c7_is_no_performance_claim_and_shows_both_formats_on_the_same_servers(run, judge):
    claim = judge(run(*FROZEN, *NATIVE, TF2[0], speedup={n: 0.5 for n in FROZEN}, native=True), "C7")
    assert (claim.verdict, voices(claim), claim.measure) == ("not a performance claim", [], "")
    assert [outcome for _, _, outcome in leading(claim)] == ["slower"] * 6, "latency and throughput"
    sizes = {e.shows: e.figure.value for e in claim.exhibits if e.unit == "bytes"}
    assert sizes == {"the frozen_graph artifact": 1.62e6, "the savedmodel artifact": 1.71e6}


@pytest.mark.parametrize("only", [(FROZEN[0], TF2[0]), (*FROZEN, *NATIVE, TF2[0])], ids=["no native", "stand-in"])
def test_c7_rests_on_flask_where_the_native_server_is_missing(run, judge, only):
    claim = judge(run(*only, speedup={FROZEN[0]: 0.5}), "C7")
    assert leading(claim) == [(FROZEN[0], TF2[0], "slower")] * 2
    assert (claim.reason, claim.measure) == ("", ""), "that TensorFlow Serving is missing is said of the run, once"


def test_c8_shows_both_servers_of_each_framework_and_never_the_stand_in(run, judge):
    folder = run(TF2[0], TORCH[0], *NATIVE, *TORCHSERVE, speedup={NATIVE[0]: 10.0})
    claim = judge(folder, "C8")
    assert (claim.verdict, voices(claim)) == ("not a performance claim", [])
    assert {mine for mine, _, _ in leading(claim)} == {TORCH[0]}
    serve_natively(folder)
    real = judge(folder, "C8")
    assert {mine for mine, _, _ in leading(real)} == {TORCH[0], NATIVE[0]}
    assert real.reason == ""


@pytest.mark.parametrize(("speedup", "expected"), [(0.1, "refuted"), (20.0, "confirmed")])
def test_c9_sets_keras_predict_against_both_other_ways(run, judge, speedup, expected):
    folder = run(*FLOORS[:2], slice_s=0.6)
    add_predict(folder, speedup)
    claim = judge(folder, "C9")
    assert claim.verdict == expected
    assert [(e.load.payload, e.other) for e in claim.exhibits if e.speaks] == [
        ("keras_predict", "inprocess-keras-eager"),
        ("keras_predict", "inprocess-savedmodel"),
    ]


def test_c9_a_point_that_does_not_count_leaves_it_open_and_none_leaves_it_unmeasured(run, judge):
    folder = run(*FLOORS[:2])
    assert judge(folder, "C9").verdict == "not measured"
    add_predict(folder, 0.1)
    suite = load_suite(folder)
    for window in suite.endpoint("inprocess-keras-eager").windows:
        window.problems = [died("the machine slept")] if window.payload else []
    save_run(folder, suite)
    claim = judge(folder, "C9")
    assert (claim.verdict, voices(claim)) == ("undecided", ["open", "open"])
    assert {e.shows for e in claim.exhibits if e.speaks} == {"a point is INVALID, lost slices"}


REPLICAS = {"flask-torchscript-rest": 1, "torchserve-torchscript-rest": 1, "flask-frozen-graph-rest": 1}
TF1_NATIVE = {"tfserving-embedded-frozen-graph-rest": 24}


def replicated(run, speedup, lines):
    folder = run(TORCH[0], *FROZEN, TORCHSERVE[0])
    add_variant(folder, TORCH[0], "workers=2", speedup)
    set_replication(folder, lines)
    return folder


def test_c10_is_no_performance_claim_and_shows_scaling_and_effort(run, judge):
    claim = judge(replicated(run, 1.9, REPLICAS | TF1_NATIVE), "C10")
    assert (claim.verdict, voices(claim), claim.measure) == ("not a performance claim", [], "")
    assert leading(claim) == [("flask-torchscript.workers-2-rest", TORCH[0], "faster")]
    lines = {e.mine: e.figure.value for e in claim.exhibits if e.unit == "lines"}
    assert lines == REPLICAS, "a stand-in's lines say nothing"


def test_c10_without_variants_says_how_to_measure_it(run, judge):
    claim = judge(run(TORCH[0]), "C10")
    assert (leading(claim), "--vary workers" in claim.measure) == ([], True)


def test_c10_says_what_one_more_replica_takes_where_none_was_measured(run, judge):
    folder = run(TORCH[0], TF2[0])
    set_replication(folder, {TORCH[0]: 1, TF2[0]: 1})
    assert (
        judge(folder, "C10").reason == "One more replica takes 1 line of docker-compose.yml in each of 2 deployments."
    )

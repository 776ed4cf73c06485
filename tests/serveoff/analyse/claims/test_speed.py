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
    shown = {(c.framework, c.place, c.concurrency, c.metric): c.ratio for c in claim.evidence}
    assert [e.figure for e in claim.exhibits] == [shown[e.group, "flask", 1, "p50"] for e in claim.exhibits]
    assert [e.group for e in claim.exhibits if e.leads] == ["TensorFlow 2", "PyTorch"]


def test_c1_is_refuted_inconclusive_or_not_measured(run, judge):
    assert judge(run(*TF2, *TORCH, speedup=SLOW_GRAPHS), "C1").verdict == "refuted"
    one = judge(run(*TF2), "C1")
    assert (one.verdict, "PyTorch" in one.reason) == ("inconclusive", True)
    none = judge(run("flask-null-rest"), "C1")
    assert (none.verdict, none.measure) == ("not measured", "serveoff run 'flask-*'")


def test_c1_does_not_rest_on_a_point_that_does_not_count(run, judge):
    claim = judge(run(*TF2, *TORCH, speedup=SLOW_EAGER, faults=Faults(gate_failed=[TORCH[0]])), "C1")
    assert (claim.verdict, voices(claim)) == ("mixed", ["for", "open"])
    (invalid,) = [e for e in claim.exhibits if e.group == "PyTorch"]
    assert (invalid.figure, invalid.speaks) == (None, "open")
    assert "INVALID, gate failed" in invalid.words


def test_c2_is_judged_at_every_batch_size_in_process_and_behind_flask(run, judge):
    folder = run(*FLOORS, *TF2, *TORCH, speedup=SLOW_EAGER)
    add_batches(folder, FLOORS)
    claim = judge(folder, "C2")
    assert claim.verdict == "confirmed"
    found = {(e.group, e.mine.split("-")[0], e.load.batch) for e in claim.exhibits if e.speaks}
    in_process = {(group, "inprocess", rows) for group in ("TensorFlow 2", "PyTorch") for rows in (1, 32)}
    assert found == in_process | {("TensorFlow 2", "flask", 1), ("PyTorch", "flask", 1)}


def test_c2_is_refuted_where_graphs_gain_nothing_and_inconclusive_without_a_framework(run, judge):
    assert judge(run(*FLOORS, *TF2, *TORCH, speedup=SLOW_GRAPHS), "C2").verdict == "refuted"
    assert judge(run(*FLOORS[:2]), "C2").verdict == "inconclusive"
    none = judge(run("flask-null-rest"), "C2")
    assert (none.verdict, "--batches" in none.measure) == ("not measured", True)


def test_a_claim_and_the_section_on_static_graphs_have_one_verdict_for_a_pair(run, judge):
    folder = run(*FLOORS, *TF2, *TORCH)
    claims = {name: judge(folder, name) for name in ("C1", "C2")}
    section = {
        (c.static, c.dynamic): (c.ratio, c.outcome)
        for c in claims["C1"].evidence
        if (c.metric, c.concurrency) == ("p50", 1)
    }
    ruled = {(e.mine, e.other): (e.figure, e.outcome) for e in claims["C2"].exhibits if e.other}
    shared = section.keys() & ruled.keys()
    assert len(shared) == 4
    assert {pair: section[pair] for pair in shared} == {pair: ruled[pair] for pair in shared}


def test_c7_a_difference_either_way_confirms(run, judge):
    claim = judge(run(*FROZEN, *NATIVE, TF2[0], speedup={n: 0.5 for n in FROZEN}, native=True), "C7")
    assert (claim.verdict, voices(claim)) == ("confirmed", ["for"] * 3)
    assert {e.outcome for e in claim.exhibits if e.speaks} == {"slower"}
    sizes = {e.words: e.figure.value for e in claim.exhibits if e.unit == "bytes"}
    assert sizes == {"the frozen_graph artifact": 1.62e6, "the savedmodel artifact": 1.71e6}


@pytest.mark.parametrize("only", [(FROZEN[0], TF2[0]), (*FROZEN, *NATIVE, TF2[0])], ids=["no native", "stand-in"])
def test_c7_without_the_native_server_is_not_measured(run, judge, only):
    claim = judge(run(*only, speedup={FROZEN[0]: 0.5}), "C7")
    assert (claim.verdict, voices(claim)) == ("not measured", [])
    assert "TensorFlow Serving was not there" in claim.reason


def test_c8_the_stand_in_never_decides_for_tensorflow_2(run, judge):
    folder = run(TF2[0], TORCH[0], *NATIVE, *TORCHSERVE, speedup={NATIVE[0]: 10.0})
    claim = judge(folder, "C8")
    assert (claim.verdict, voices(claim)) == ("not measured", [])
    serve_natively(folder)
    real = judge(folder, "C8")
    assert (real.verdict, len(voices(real))) == ("confirmed", 4)


def test_c8_is_refuted_where_the_other_server_is_better_for_both(run, judge):
    speedup = {TORCHSERVE[0]: 20.0, NATIVE[0]: 0.2}
    folder = run(TF2[0], TORCH[0], *NATIVE, *TORCHSERVE, speedup=speedup)
    serve_natively(folder)
    assert judge(folder, "C8").verdict == "refuted"
    assert judge(run("flask-null-rest"), "C8").verdict == "not measured"


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
    assert (claim.verdict, voices(claim)) == ("inconclusive", ["open", "open"])
    assert {e.words for e in claim.exhibits if e.speaks} == {"a point is INVALID, lost slices"}


REPLICAS = {"flask-torchscript-rest": 1, "torchserve-torchscript-rest": 1, "flask-frozen-graph-rest": 1}
TF1_NATIVE = {"tfserving-embedded-frozen-graph-rest": 24}


def replicated(run, speedup, cores, lines):
    folder = run(TORCH[0], *FROZEN, TORCHSERVE[0])
    add_variant(folder, TORCH[0], "workers=2", speedup)
    set_replication(folder, lines, cores)
    return folder


def test_c10_scaling_and_effort_both_speak(run, judge):
    claim = judge(replicated(run, 1.9, (0, 1), REPLICAS | TF1_NATIVE), "C10")
    said = {(e.mine, e.unit): e.speaks for e in claim.exhibits}
    assert said["flask-torchscript.workers-2-rest", "times"] == "for"
    assert said["torchserve-torchscript-rest", "lines"] == "for", "1 line against 24 of one more service"
    assert said["flask-torchscript-rest", "lines"] == "against", "as many as TensorFlow 1 behind Flask"
    assert claim.verdict == "mixed"


def test_c10_is_confirmed_or_refuted_by_both(run, judge):
    native = {"torchserve-torchscript-rest": 1, **TF1_NATIVE}
    assert judge(replicated(run, 1.9, (0, 1), native), "C10").verdict == "confirmed"
    flask = {"flask-torchscript-rest": 1, "flask-frozen-graph-rest": 1}
    assert judge(replicated(run, 0.5, (0, 1), flask), "C10").verdict == "refuted"


def test_c10_cannot_be_measured_on_fewer_cores_than_workers(run, judge):
    claim = judge(replicated(run, 1.9, (0,), REPLICAS | TF1_NATIVE), "C10")
    assert claim.verdict == "inconclusive"
    assert "1 server core, fewer than the workers" in claim.reason


def test_c10_without_variants_says_how_to_measure_it(run, judge):
    claim = judge(run(TORCH[0]), "C10")
    assert (claim.verdict, "--vary workers" in claim.measure) == ("not measured", True)

"""The answer in words, on runs in which it is known."""

from dataclasses import replace

import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.decision.recommendation import Refusal, RefusalCode
from serveoff.analyse.decision.sizing import Sizing
from serveoff.analyse.decision.statements import Group, Open, Statement
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.verdict import FindingCode
from serveoff.record.suite import load_suite
from serveoff.report.phrases import recommendation
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.written_runs import save_run

BEST, SAVEDMODEL, KERAS, REST, GRPC, STAND_IN = (
    "flask-torchscript-rest",
    "flask-savedmodel-rest",
    "flask-keras-eager-rest",
    "torchserve-torchscript-rest",
    "torchserve-torchscript-grpc",
    "tfserving-embedded-savedmodel-rest",
)
ONLY = (BEST, SAVEDMODEL, KERAS, REST, GRPC, STAND_IN, "flask-frozen-graph-rest", "flask-torch-eager-rest")


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    return compare(write_run(tmp_path_factory.mktemp("r") / "run", Scenario(only=ONLY, round_drift=0.0)))


def with_decision(comparison, **changes):
    return replace(comparison, decision=replace(comparison.decision, **changes))


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (Refusal(RefusalCode.NOTHING_VALID, (BEST,), 3), "no contender has a VALID figure"),
        (Refusal(RefusalCode.NOTHING_VALID, (), 0), "no contender was measured"),
        (Refusal(RefusalCode.MANY_INVALID, (BEST,), 3), "1 of 3 contenders is INVALID: TorchScript on Flask (REST)"),
        (
            Refusal(RefusalCode.MANY_INVALID, (REST, GRPC), 5),
            "2 of 5 contenders are INVALID: TorchScript on TorchServe (REST, gRPC)",
        ),
        (
            Refusal(RefusalCode.INVALID_WAS_QUICKER, (KERAS,), 5),
            "eager Keras on Flask (REST) is INVALID and was faster in every round than the best VALID contender",
        ),
    ],
)
def test_the_head_of_a_refusal_says_why(comparison, refused, said):
    found = with_decision(comparison, recommended=None, refused=refused)
    assert recommendation.head(found) == f"No recommendation: {said}"
    assert recommendation.figures(found) == ""


@pytest.mark.parametrize(
    ("group", "endpoints", "objective", "said"),
    [
        (
            Group("next", SAVEDMODEL),
            (SAVEDMODEL,),
            "latency",
            "2.03 times faster than the next fastest, SavedModel on Flask (REST) (1.98–2.08)",
        ),
        (Group("server", "torchserve"), (REST, GRPC), "latency", "2.03 times faster than TorchServe (1.98–2.08)"),
        (Group("eager", "keras_eager"), (KERAS,), "latency", "2.03 times faster than eager Keras (1.98–2.08)"),
        (
            Group("format", "savedmodel"),
            (SAVEDMODEL,),
            "throughput",
            "2.03 times the throughput of SavedModel on Flask (1.98–2.08)",
        ),
        (
            Group("protocol", "grpc"),
            (GRPC,),
            "tail",
            "2.03 times lower p99 latency than its own gRPC endpoint (1.98–2.08)",
        ),
    ],
)
def test_a_statement_names_whom_it_is_against(comparison, group, endpoints, objective, said):
    statement = Statement(objective, Estimate(2.03, 1.98, 2.08, 100), group, endpoints)
    found = with_decision(comparison, statements=(statement,), tied_with=())
    assert recommendation.statements(found) == [said]


def test_who_is_as_good_follows_the_statements(comparison):
    found = with_decision(comparison, statements=(), tied_with=("flask-frozen-graph-rest",))
    assert recommendation.statements(found) == ["tied with frozen graph on Flask (REST)"]


def test_objectives_that_are_open_against_the_same_others_are_one_sentence(comparison):
    questions = (Open("latency", (KERAS,)), Open("tail", (REST, GRPC)), Open("throughput", (KERAS,)))
    assert recommendation.unsettled(with_decision(comparison, open=questions)) == [
        "Undecided: median latency and throughput against eager Keras on Flask (REST); "
        "p99 latency against TorchScript on TorchServe (REST, gRPC).",
    ]


def test_of_many_others_it_says_how_many(comparison):
    many = (BEST, SAVEDMODEL, KERAS, REST, GRPC)
    assert recommendation.named(comparison, many) == "5 endpoints"


def test_a_row_begins_with_a_capital_letter(comparison):
    assert recommendation.row_name(comparison, "flask-frozen-graph-rest") == "Frozen graph on Flask (REST)"
    assert recommendation.row_name(comparison, "flask-torch-eager-rest") == "Eager PyTorch on Flask (REST)"


def test_a_narrow_row_has_the_short_name_of_tensorflow_serving(tmp_path):
    native = compare(write_run(tmp_path / "run", Scenario(only=(STAND_IN,), native=True)))
    assert recommendation.row_name(native, STAND_IN) == "SavedModel on TF Serving (REST)"
    assert recommendation.endpoint(native, STAND_IN) == "SavedModel on TensorFlow Serving (REST)"


def test_what_a_replica_holds_and_what_more_takes(comparison):
    sizing = Sizing(BEST, Estimate(450.0, 400.0, 500.0, 9000), False, 400.0, 0.3, 3e8, ())
    found = with_decision(comparison, sizing=replace(sizing, rows=(sizing.at(1000.0),)))
    assert recommendation.capacity(found) == (
        "Holds p99 within 10 ms up to 450 req/s (400–500); 1,000 req/s take 4 replicas, one of them spare"
    )
    assert recommendation.capacity(with_decision(comparison, sizing=None)) == ""


def test_what_is_excluded_is_one_line(comparison):
    assert recommendation.excluded(comparison) == (
        "TensorFlow Serving is not installed: install it and run again "
        "(1 endpoint of its stand-in measured, not ranked)."
    )


def test_a_stand_in_that_a_short_run_spared_is_not_said_to_be_measured(tmp_path):
    spared = Faults(unavailable={STAND_IN})
    found = compare(write_run(tmp_path / "run", Scenario(only=(STAND_IN, BEST)), spared))
    assert recommendation.excluded(found) == "TensorFlow Serving is not installed: install it and run again."


@pytest.mark.parametrize(
    ("winner", "said"),
    [
        ("torchserve-torchscript-rest", "archived upstream"),
        ("flask-tuned-torchscript-rest", "serveoff's own service"),
        (
            "flask-tuned-torchscript-rest",
            "upstream: `make compare MODEL=digits_cnn EXTRA=onnx,torch_export` compares its successors.",
        ),
    ],
)
def test_what_a_recommended_server_costs_those_who_deploy_it_is_said(tmp_path, winner, said):
    only = (winner, "flask-keras-eager-rest", "flask-savedmodel-rest")
    found = compare(write_run(tmp_path / "run", Scenario(only=only, speedup={winner: 30.0}, round_drift=0.0)))
    assert found.decision.recommended == winner
    assert said in " ".join(recommendation.unsettled(found))


def test_who_was_not_yet_warm_is_said_on_the_first_screen_and_at_each_of_its_points(tmp_path):
    scenario = Scenario(only=ONLY, round_drift=0.0)
    folder = write_run(tmp_path / "run", scenario)
    suite = load_suite(folder)
    for name in (REST, GRPC):
        suite.endpoint(name).still_warming_s = 16.0
    save_run(folder, suite)
    found = compare(folder)
    said = "TorchScript on TorchServe (gRPC, REST) was still getting faster after 16 s of warm-up"
    assert said in " ".join(recommendation.unsettled(found))
    doubted = {p.endpoint for p in found.points for f in p.verdict.findings if f.code is FindingCode.STILL_WARMING}
    assert doubted == {REST, GRPC}
    assert all(found.entry(name).alone.valid for name in doubted)

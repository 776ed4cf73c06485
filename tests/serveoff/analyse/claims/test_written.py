"""Claims about how code is written (C3, C4, C5), what a graph shows (C6), and what all claims have in common."""

import pytest

from serveoff.analyse import claims
from serveoff.analyse.analysis import compare
from serveoff.analyse.claims.by_construction import AGREE_WITHIN
from serveoff.models.agreement import TOLERANCE
from serveoff.models.construction import CHECKS
from serveoff.record.endpoint_results import LayerProbe
from serveoff.record.suite import load_suite
from tests.serveoff.claim_runs import answered, refused, set_layers
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.written_runs import save_run

FLASK = tuple(f"flask-{f}-rest" for f in ("keras-eager", "torch-eager", "frozen-graph", "savedmodel", "torchscript"))
FLOORS = {
    "C3": ("inprocess-frozen-graph",),
    "C4": ("inprocess-keras-eager", "inprocess-savedmodel"),
    "C5": ("inprocess-torch-eager", "inprocess-keras-eager"),
}


@pytest.fixture(scope="module")
def all_claims(tmp_path_factory):
    return compare(write_run(tmp_path_factory.mktemp("claims") / "run", Scenario(only=("none",)))).claims


def test_there_are_ten_and_each_has_a_rule_and_a_way_to_measure_it(all_claims):
    assert [claim.id for claim in all_claims] == [f"C{number}" for number in range(1, 11)]
    for claim in all_claims:
        assert len(claim.rule) > 100
        assert not claim.text.endswith(".")
        assert claim.measure.startswith("`serveoff run"), "nothing was measured in this run"


def test_claims_are_in_the_articles_words(all_claims):
    texts = {claim.id: claim.text for claim in all_claims}
    assert texts["C1"] == "Static graphs are faster, in deployment above all"
    assert texts["C5"] == "TF2 model subclassing mirrors PyTorch's nn.Module"


@pytest.mark.parametrize(("name", "floors"), FLOORS.items())
def test_a_claim_true_by_construction_rests_on_checks_that_the_run_made(run, judge, name, floors):
    nothing = judge(run("flask-tuned-null-rest"), name)
    assert (nothing.verdict, nothing.exhibits, nothing.measure != "") == ("not measured", (), True)
    folder = run(*floors)
    claim = judge(folder, name)
    assert (claim.verdict, claim.measure) == ("true by construction", "")
    named = {e.check.partition("::")[2] for e in claim.exhibits if e.check}
    assert named <= {made.__name__ for checks in CHECKS.values() for made in checks}
    assert named


@pytest.mark.parametrize(("name", "floors"), FLOORS.items())
def test_a_failed_check_or_a_wrong_answer_refutes_it_and_a_check_that_was_not_made_claims_nothing(
    run, judge, name, floors
):
    folder = run(*floors)
    set_checks(folder, floors[0], passed=False)
    assert judge(folder, name).verdict == "refuted"
    set_checks(folder, floors[0], passed=None)
    assert judge(folder, name).verdict == "not measured"
    wrong = judge(run(*floors, faults=Faults(gate_failed=[floors[0]])), name)
    assert wrong.verdict == "refuted"
    assert [e.figure.value for e in wrong.exhibits if e.speaks == "against"] == [0.41]


def set_checks(folder, floor, passed):
    suite = load_suite(folder)
    gate = suite.endpoint(floor).gate
    gate.checks = {} if passed is None else dict.fromkeys(gate.checks, passed)
    save_run(folder, suite)


def test_c6_a_session_that_shows_a_layer_makes_it_mixed(run, judge):
    folder = run(*FLASK)
    shown = {format: answered() for format in ("keras_eager", "torch_eager", "frozen_graph")}
    set_layers(folder, **shown, savedmodel=refused(), torchscript=refused())
    claim = judge(folder, "C6")
    assert claim.verdict == "mixed"
    assert {part.group: part.verdict for part in claim.parts} == {
        "dynamic forms": "confirmed",
        "static graphs": "mixed",
    }
    assert claim.reason.startswith("Asked for the layer, 2 of 2 dynamic forms and 1 of 3 static graphs answered.")
    assert {e.shows for e in claim.exhibits if e.group == "agreement"} == {"the layer's values agree"}


def test_c6_is_confirmed_or_refuted_by_who_answers(run, judge):
    folder = run(*FLASK)
    set_layers(folder, keras_eager=answered(), torch_eager=answered(), savedmodel=refused())
    assert judge(folder, "C6").verdict == "confirmed"
    set_layers(folder, keras_eager=refused(), torch_eager=refused(), savedmodel=answered())
    assert judge(folder, "C6").verdict == "refuted"


def test_c6_one_kind_or_no_answer_is_not_enough(run, judge):
    folder = run(*FLASK)
    assert judge(folder, "C6").verdict == "not measured"
    set_layers(folder, keras_eager=answered())
    assert judge(folder, "C6").verdict == "not measured"
    lost = refused("no answer: TimeoutError()", outcome="failed")
    set_layers(folder, keras_eager=lost, torchscript=lost, torch_eager=refused("no way", outcome="not asked"))
    claim = judge(folder, "C6")
    assert claim.verdict == "undecided"
    assert [e.speaks for e in claim.exhibits if e.mine].count("") == 1, "who was not asked does not decide"


def test_c6_an_answer_without_figures_still_counts_as_one(run, judge):
    folder = run(*FLASK)
    bare = answered().model_copy(update={"values": [], "with_layer_s": [], "without_s": [0.0]})
    set_layers(folder, keras_eager=bare, torch_eager=bare, torchscript=refused())
    claim = judge(folder, "C6")
    assert (claim.verdict, {e.figure for e in claim.exhibits}) == ("confirmed", {None})


def test_c6_of_a_model_without_layers_is_not_measured_and_no_run_would_change_that(run, judge):
    folder = run(*FLASK)
    unnamed = LayerProbe(layer="", outcome="not asked", reason="the model has no named layers")
    set_layers(folder, keras_eager=unnamed, torch_eager=unnamed, savedmodel=unnamed)
    claim = judge(folder, "C6")
    assert (claim.verdict, claim.measure) == ("not measured", "")
    assert claim.reason == "The model has no named layers."
    assert [e for e in claim.exhibits if e.mine] == []


def test_c6_says_what_the_layer_costs_and_where_values_differ(run, judge):
    folder = run(*FLASK)
    set_layers(folder, keras_eager=answered(slower=1.7), torch_eager=answered(values=(0.5, 0.26)))
    claim = judge(folder, "C6")
    cost = {e.mine: e.figure for e in claim.exhibits if e.metric.startswith("p50 with")}
    assert cost["flask-keras-eager-rest"].low <= 1.7 <= cost["flask-keras-eager-rest"].high
    assert cost["flask-keras-eager-rest"].samples == 30
    (difference,) = [e for e in claim.exhibits if e.group == "agreement"]
    assert (difference.shows, difference.figure.value) == ("the layer's values differ", pytest.approx(0.02, rel=0.05))


def test_agreement_is_the_gates():
    assert AGREE_WITHIN == TOLERANCE


@pytest.mark.parametrize(("share", "verdict"), [(0.5, "true by construction"), (1.5, "refuted"), (None, "refuted")])
def test_what_is_allowed_decides_where_it_was_recorded_and_the_error_alone_in_older_runs(run, judge, share, verdict):
    folder = run(*FLOORS["C3"])
    suite = load_suite(folder)
    for result in suite.endpoints:
        result.gate = result.gate.model_copy(update={"max_abs_error": 3e-3, "worst_share": share})
    save_run(folder, suite)
    assert judge(folder, "C3").verdict == verdict


def test_texts_and_rules_are_the_modules_constants_whatever_their_docstrings_say(all_claims):
    for module, claim in zip(claims.modules(), all_claims, strict=True):
        assert (claim.text, claim.rule) == (module.CLAIM, module.RULE)
        assert claim.text not in module.__doc__

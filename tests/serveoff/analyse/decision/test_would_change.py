"""What would change the answer, on runs in which it is known."""

from dataclasses import replace

from serveoff.analyse.analysis import compare
from serveoff.analyse.decision.would_change import UNRISKED
from serveoff.record.suite import load_suite
from serveoff.report.phrases import recommendation
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.variant_runs import add_payload
from tests.serveoff.written_runs import save_run

FAST, SLOW = "flask-torchscript-rest", "flask-savedmodel-rest"
SCENARIO = Scenario(only=(FAST, SLOW), round_drift=0.0)


def conditions(comparison):
    """Without those that ask for another risk."""
    return {c.code: c.endpoint for c in comparison.decision.would_change if c.code not in UNRISKED}


def test_where_one_endpoint_wins_everything_nothing_would_change_it(tmp_path):
    comparison = compare(write_run(tmp_path / "run", SCENARIO))
    assert conditions(comparison) == {}


def test_an_encoding_in_which_another_is_quicker_is_named(tmp_path):
    folder = write_run(tmp_path / "run", SCENARIO)
    add_payload(folder, FAST, "raw_tensor", speedup=1.2)
    add_payload(folder, SLOW, "raw_tensor", speedup=4.0)
    comparison = compare(folder)
    assert conditions(comparison) == {"encoding": SLOW}
    sentence, _ = recommendation.changes(comparison)
    assert sentence.startswith("If clients can send raw bytes: SavedModel on Flask (REST) (")


def test_who_holds_the_objective_at_a_clearly_higher_rate_is_named(tmp_path):
    folder = write_run(tmp_path / "run", SCENARIO)
    rates = (300.0, 500.0, 700.0, 900.0, 1100.0, 1300.0, 1500.0, 1700.0)
    add_open_loop(folder, FAST, rates, mean_s=0.002)
    add_open_loop(folder, SLOW, rates, mean_s=0.0007)
    assert conditions(compare(folder)) == {"arrivals": SLOW}


def test_more_callers_can_have_another_answer(tmp_path):
    """With more than one caller each has the other's slices."""
    folder = write_run(tmp_path / "run", SCENARIO)
    suite = load_suite(folder)
    mine, other = suite.endpoint(SLOW), suite.endpoint(FAST)
    for a, b in zip(mine.windows, other.windows, strict=True):
        if a.concurrency > 1:
            a.number, b.number = b.number, a.number
            a.requests, b.requests = b.requests, a.requests
    save_run(folder, suite)
    assert conditions(compare(folder)) == {"callers": SLOW}


def test_a_contender_that_is_clearly_better_on_another_objective_is_named(tmp_path):
    folder = write_run(tmp_path / "run", SCENARIO)
    suite = load_suite(folder)
    suite.endpoint(FAST).memory_bytes = 900_000_000
    save_run(folder, suite)
    comparison = compare(folder)
    assert comparison.decision.recommended == FAST
    assert conditions(comparison) == {"memory": SLOW}


def test_who_could_not_run_may_change_it(tmp_path):
    folder = write_run(tmp_path / "run", SCENARIO, Faults(unavailable=[SLOW]))
    comparison = compare(folder)
    assert conditions(comparison) == {}
    (sentence,) = recommendation.changes(comparison)
    assert sentence.startswith("SavedModel on Flask (REST) could not run here: no Java 17")


def test_where_nothing_would_change_it_that_is_said_and_what_is_missing_stands_with_the_excluded(tmp_path):
    stand_in = "tfserving-embedded-savedmodel-rest"
    comparison = compare(write_run(tmp_path / "run", Scenario(only=(FAST, SLOW, stand_in), round_drift=0.0)))
    assert conditions(comparison) == {}
    assert recommendation.changes(comparison)[0] == f"{recommendation.NOTHING_ELSE} {recommendation.BUT_EXCLUDED}"
    alone = replace(comparison, decision=replace(comparison.decision, excluded=(), would_change=()))
    assert recommendation.changes(alone) == [recommendation.NOTHING_ELSE]
    assert "TensorFlow Serving is not installed: install it" in recommendation.excluded(comparison)


def test_who_would_not_take_a_risk_of_the_choice_is_told_the_next_best(tmp_path):
    tuned = ("flask-tuned-torchscript-rest", "flask-tuned-savedmodel-rest", "torchserve-torchscript-rest")
    scenario = Scenario(only=(*tuned, FAST, SLOW), round_drift=0.0, speedup=dict.fromkeys(tuned[:2], 4.0))
    comparison = compare(write_run(tmp_path / "run", scenario))
    assert comparison.decision.recommended == tuned[0]
    found = {c.code: c.endpoint for c in comparison.decision.would_change if c.code in UNRISKED}
    assert found == {"server": FAST, "format": tuned[1]}
    said = recommendation.changes(comparison)[-2:]
    assert said[0].startswith("Without serveoff's own service and archived TorchServe: TorchScript on Flask (REST) (")
    assert said[1].startswith("Without a deprecated format: SavedModel on tuned Flask (REST) (")


def test_a_choice_without_a_risk_has_no_such_sentence(tmp_path):
    comparison = compare(write_run(tmp_path / "run", Scenario(only=(SLOW, "flask-keras-eager-rest"), round_drift=0.0)))
    assert not UNRISKED & {change.code for change in comparison.decision.would_change}

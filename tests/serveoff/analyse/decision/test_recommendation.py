"""Which contender a run recommends, on runs in which it is known; and when it recommends none."""

from dataclasses import replace

import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.decision.recommendation import RefusalCode
from serveoff.record.suite import load_suite
from tests.serveoff.problems import setting
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.variant_runs import add_variant
from tests.serveoff.written_runs import save_run

BEST, NEXT, EAGER, KERAS, TORCHSERVE = (
    "flask-torchscript-rest",
    "flask-frozen-graph-rest",
    "flask-torch-eager-rest",
    "flask-keras-eager-rest",
    "torchserve-torchscript-rest",
)
STAND_IN = "tfserving-embedded-savedmodel-rest"
FEW = Scenario(only=(BEST, NEXT, KERAS, TORCHSERVE), round_drift=0.0, concurrencies=(1, 16))
ALMOST_EQUAL = 0.00064 / 0.00063
UNFAIR = {"intra_op_threads": 2, "problems": [setting("it has 2 intra-op threads; requested: 1")]}


def decided(tmp_path, scenario, faults=None):
    return compare(write_run(tmp_path / "run", scenario, faults or Faults())).decision


def test_who_is_best_on_most_objectives_is_recommended(tmp_path):
    found = decided(tmp_path, FEW)
    assert (found.recommended, found.refused, found.tied_with) == (BEST, None, ())
    assert found.matrix.rows[0].endpoint == BEST


@pytest.mark.parametrize("native", [True, False])
def test_a_stand_in_is_never_recommended_however_quick_it_is(tmp_path, native):
    fast = replace(FEW, only=(*FEW.only, STAND_IN), speedup={STAND_IN: 30.0}, native=native)
    found = decided(tmp_path, fast)
    assert found.recommended == (STAND_IN if native else BEST)
    assert (STAND_IN in {row.endpoint for row in found.matrix.rows}) == native
    excluded = {each.code: each.endpoints for each in found.excluded}
    assert excluded == ({} if native else {"stand-in": (STAND_IN,)})


def test_a_variant_or_a_floor_is_never_recommended(tmp_path):
    folder = write_run(tmp_path / "run", replace(FEW, only=(*FEW.only, "inprocess-torchscript")))
    add_variant(folder, BEST, "workers=2", speedup=5.0)
    found = compare(folder).decision
    assert found.recommended == BEST
    assert {row.endpoint for row in found.matrix.rows} == set(FEW.only)


def test_a_contender_that_is_tied_at_the_median_and_nowhere_worse_is_as_good(tmp_path):
    even = Scenario(slice_s=0.8, only=(BEST, EAGER), speedup={EAGER: ALMOST_EQUAL}, round_drift=0.0, starts=1)
    found = decided(tmp_path, even)
    assert found.recommended in (BEST, EAGER)
    assert {found.recommended, *found.tied_with} == {BEST, EAGER}


def test_what_is_undecided_is_neither_tied_nor_better_but_open(tmp_path):
    noisy = Scenario(only=(BEST, EAGER), round_drift=0.2, slice_s=0.1, rounds=16, concurrencies=(1, 16))
    found = decided(tmp_path, noisy)
    other = {BEST: EAGER, EAGER: BEST}[found.recommended]
    assert found.tied_with == ()
    assert found.statements == ()
    assert "latency" in {question.objective for question in found.open if question.endpoints == (other,)}


def test_with_a_third_of_the_contenders_invalid_none_is_recommended(tmp_path):
    wrong = [KERAS]
    found = decided(tmp_path, replace(FEW, only=(BEST, NEXT, KERAS)), Faults(gate_failed=wrong))
    assert found.recommended is None
    assert (found.refused.code, found.refused.endpoints) == (RefusalCode.MANY_INVALID, (KERAS,))
    assert (found.statements, found.open, found.sizing, found.serve_with) == ((), (), None, None)


def test_with_fewer_invalid_one_is_recommended_and_they_are_named(tmp_path):
    found = decided(tmp_path, FEW, Faults(gate_failed=[KERAS]))
    assert found.recommended == BEST
    assert [(each.code, each.endpoints) for each in found.excluded] == [("invalid", (KERAS,))]


def test_an_invalid_one_that_was_quicker_in_every_round_speaks_against_the_winner(tmp_path):
    faults = Faults(resources={"flask-torchscript": UNFAIR})
    found = decided(tmp_path, replace(FEW, speedup={BEST: 2.0}), faults)
    assert found.recommended is None
    assert (found.refused.code, found.refused.endpoints) == (RefusalCode.INVALID_WAS_QUICKER, (BEST,))


@pytest.mark.parametrize(("rounds", "recommended"), [(1, NEXT), (5, NEXT), (6, None)])
def test_of_fewer_than_six_common_rounds_it_may_be_luck(tmp_path, rounds, recommended):
    """A two-sided sign test at 5% needs six."""
    folder = write_run(tmp_path / "run", FEW, Faults(resources={"flask-torchscript": UNFAIR}))
    suite = load_suite(folder)
    died = suite.endpoint(BEST)
    died.windows = [window for window in died.windows if window.round <= rounds]
    save_run(folder, suite)
    assert compare(folder).decision.recommended == recommended


@pytest.mark.parametrize(("rounds", "luck"), [((5, 5), False), ((3, 3), False), ((2, 2), True), ((5, 4), True)])
def test_a_run_that_has_no_six_rounds_needs_all_of_them_and_three_at_least(tmp_path, rounds, luck):
    first, died = rounds
    folder = write_run(tmp_path / "run", FEW, Faults(resources={"flask-torchscript": UNFAIR}))
    suite = load_suite(folder)
    for endpoint in suite.endpoints:
        last = died if endpoint.endpoint == BEST else first
        endpoint.windows = [window for window in endpoint.windows if window.round <= last]
    save_run(folder, suite)
    assert compare(folder).decision.recommended == (NEXT if luck else None)


def test_an_invalid_one_that_was_slower_in_any_round_does_not(tmp_path):
    only = (BEST, NEXT, EAGER, KERAS)
    noisy = Scenario(only=only, round_drift=0.2, concurrencies=(1,), speedup={EAGER: ALMOST_EQUAL})
    found = decided(tmp_path, noisy, Faults(resources={"flask-torchscript": UNFAIR}))
    assert (found.recommended, found.refused) == (EAGER, None)


@pytest.mark.parametrize("faults", [Faults(gate_failed=[BEST]), Faults(wrong_under_load=[BEST])], ids=["gate", "load"])
def test_one_that_answers_wrongly_and_was_quicker_speaks_against_the_winner_as_any_other(tmp_path, faults):
    found = decided(tmp_path, replace(FEW, speedup={BEST: 5.0}), faults)
    assert found.recommended is None
    assert (found.refused.code, found.refused.endpoints) == (RefusalCode.INVALID_WAS_QUICKER, (BEST,))


def test_where_nothing_is_valid_nothing_is_recommended(tmp_path):
    found = decided(tmp_path, FEW, Faults(gate_failed=FEW.only))
    assert (found.recommended, found.refused.code) == (None, RefusalCode.NOTHING_VALID)
    assert set(found.refused.endpoints) == set(FEW.only)


def test_one_that_could_not_run_is_no_invalid_one(tmp_path):
    found = decided(tmp_path, replace(FEW, only=(BEST, TORCHSERVE)), Faults(unavailable=[TORCHSERVE]))
    assert (found.recommended, found.refused) == (BEST, None)
    assert [(each.code, each.endpoints) for each in found.excluded] == [("not run", (TORCHSERVE,))]


def test_an_interrupted_run_says_what_it_can(tmp_path):
    found = decided(tmp_path, FEW, Faults(partial_after_round=6, never_reached=[KERAS]))
    assert found.recommended == BEST

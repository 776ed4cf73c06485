"""A look at a run that goes on: who is out, who leads, and whether all is decided."""

from dataclasses import replace
from itertools import combinations

import pytest

from serveoff.analyse.analysis import analyse
from serveoff.analyse.evidence import MEASURES
from serveoff.analyse.race import look
from serveoff.record.race import Look
from serveoff.record.suite import load_suite
from tests.serveoff.attached_runs import CANARY, PROD, write_attached
from tests.serveoff.attached_runs import SCENARIO as ATTACHED_SCENARIO
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.written_runs import save_run

FAST, TWIN, MIDDLE, SLOW = (
    *("flask-torchscript-rest", "flask-torch-eager-rest"),
    *("flask-savedmodel-rest", "flask-keras-eager-rest"),
)
STAND_IN = "tfserving-embedded-savedmodel-rest"
SCENARIO = Scenario(
    only=(FAST, TWIN, MIDDLE, SLOW, STAND_IN),
    concurrencies=(1, 4),
    rounds=40,
    starts=2,
    speedup={TWIN: 0.64 / 0.63, STAND_IN: 20.0},
)


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", SCENARIO)


def test_who_is_clearly_beaten_on_every_objective_is_out_and_the_best_three_lead(run):
    found = look(run, 2, 4)
    assert (found.after_start, found.looks) == (2, 4)
    assert set(found.out) == {MIDDLE, SLOW}
    assert set(found.leaders[:2]) == {FAST, TWIN}
    assert found.leaders[2] == MIDDLE, "out, and the third all the same"
    assert found.pairs == 3 * 6
    assert found.undecided <= 3, "all but the twins"


def test_a_stand_in_takes_no_part(run):
    found = look(run, 2, 4)
    assert STAND_IN not in (*found.out, *found.leaders)


def test_what_is_not_known_to_5_percent_stays(tmp_path):
    few = Scenario(only=(FAST, SLOW), concurrencies=(1,), rounds=4, starts=2, round_drift=0.2)
    assert look(write_run(tmp_path / "run", few), 2, 4).out == []


def test_all_is_decided_where_every_pair_is(tmp_path):
    apart = Scenario(only=(FAST, MIDDLE, SLOW), concurrencies=(1,), rounds=40)
    found = look(write_run(tmp_path / "run", apart), 2, 4)
    assert (found.undecided, found.decided) == (0, True)


def test_who_does_not_count_neither_leads_nor_is_out(tmp_path):
    folder = write_run(tmp_path / "run", SCENARIO, Faults(gate_failed=[FAST]))
    found = look(folder, 2, 4)
    assert FAST not in (*found.out, *found.leaders)
    assert found.pairs == 3 * 3


@pytest.mark.parametrize(
    ("taken", "complete", "decided", "bound"),
    [
        (0, True, False, 1.96),
        (1, True, True, 4.05),
        (2, True, False, 2.02),
        (4, True, True, 2.02),
        (1, False, False, 2.86),
        (4, False, False, 2.02),
    ],
    ids=[
        "no race",
        "decided at once",
        "resumed without time for another look",
        "to its end",
        "interrupted before the second look",
        "interrupted at the end",
    ],
)
def test_a_run_is_judged_by_the_bound_of_the_look_that_it_ended_with(run, taken, complete, decided, bound):
    suite = load_suite(run)
    looks = [Look(after_start=start + 2, looks=4, decided=decided and start + 1 == taken) for start in range(taken)]
    suite.looks, suite.complete = looks, complete
    save_run(run, suite)
    assert round(analyse(run).evidence.bound, 2) == bound


def test_a_pair_has_one_verdict_whoever_asks_and_in_whatever_order(run):
    asked, other = analyse(run).evidence, analyse(run).evidence
    for measure in MEASURES:
        points = [p for e in asked.entries for p in e.points]
        pairs = list(combinations(points, 2))
        first = {(a.key, b.key): asked.pair(measure, a, b) for a, b in pairs}
        last = {(a.key, b.key): other.pair(measure, a, b) for a, b in reversed(pairs)}
        assert first == last
        for (a, b), pair in first.items():
            if pair is not None:
                back = asked.pair(measure, *(next(p for p in points if p.key == key) for key in (b, a)))
                assert {pair.outcome, back.outcome} in ({"faster", "slower"}, {"tied"}, {"undecided"})
                assert back.ratio.low == pytest.approx(1 / pair.ratio.high)


def test_a_gate_on_attached_endpoints_has_to_be_decided_too(tmp_path):
    """1.08 times slower is decided, and whether it is more than 8% is not."""
    even = replace(ATTACHED_SCENARIO, round_drift=0.001)

    def decided(limit):
        run = write_attached(tmp_path / "run", PROD, CANARY, scenario=even, fail_if_slower=limit, complete=False)
        return look(run, 2, 4).decided

    assert [decided(limit) for limit in (None, 0.03, 0.084, 0.25)] == [True, True, False, True]

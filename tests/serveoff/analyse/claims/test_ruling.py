"""How a verdict follows from exhibits."""

import pytest

from serveoff.analyse.claims.ruling import DIFFERENT, FASTER, NO_SLOWER, Exhibit, heard, rule, verdict
from serveoff.analyse.statistics.estimates import Estimate


def exhibit(speaks, group="PyTorch", value=1.0, **more):
    return Exhibit(group, mine="a", other="b", figure=Estimate(value, value, value, 9), speaks=speaks, **more)


@pytest.mark.parametrize(
    ("voices", "expected"),
    [
        ([], "not measured"),
        (["for", "for"], "confirmed"),
        (["against", "against"], "refuted"),
        (["for", "against"], "mixed"),
        (["for", "open"], "mixed"),
        (["against", "open"], "inconclusive"),
        (["open"], "inconclusive"),
    ],
)
def test_a_verdict_is_what_the_voices_say_together(voices, expected):
    assert verdict(voices) == expected
    assert rule([exhibit(voice) for voice in voices]).verdict == expected


@pytest.mark.parametrize(
    ("voices", "faster", "tied", "slower", "undecided"),
    [
        (FASTER, "for", "against", "against", "open"),
        (NO_SLOWER, "for", "for", "against", "open"),
        (DIFFERENT, "for", "against", "for", "open"),
    ],
)
def test_what_an_outcome_says_depends_on_the_claim(voices, faster, tied, slower, undecided):
    outcomes = {"faster": faster, "tied": tied, "slower": slower, "undecided": undecided, "no interval": "open"}
    assert {o: heard(Exhibit("PyTorch", outcome=o), voices).speaks for o in outcomes} == outcomes


def test_what_is_only_shown_has_no_voice():
    found = rule([exhibit("for"), Exhibit("TensorFlow 1", outcome="slower")])
    assert (found.verdict, found.reason) == ("confirmed", "Deciding contrasts: 1 for it.")


def test_a_framework_that_was_not_measured_leaves_the_claim_inconclusive():
    found = rule([exhibit("for")], needed=("PyTorch", "TensorFlow 2"))
    assert (found.verdict, found.lacking) == ("inconclusive", True)
    assert found.reason.startswith("Nothing that counts was measured for TensorFlow 2.")


def test_the_figure_that_says_least_for_the_claim_stands_for_its_group():
    ratios = [exhibit("for", value=3.0), exhibit("for", value=1.5), exhibit("for", "TensorFlow 2", value=9.0)]
    assert [e.leads for e in rule(ratios).exhibits] == [False, True, True]
    errors = [exhibit("for", value=1e-8, unit="error"), exhibit("for", value=1e-6, unit="error")]
    assert [e.leads for e in rule(errors).exhibits] == [False, True]

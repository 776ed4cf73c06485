"""How a verdict follows from exhibits."""

import pytest

from serveoff.analyse.claims.ruling import FASTER, NO_SLOWER, Exhibit, beside, heard, rule, verdict
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
        (["for", "open"], "undecided"),
        (["against", "open"], "undecided"),
        (["for", "against", "open"], "mixed"),
        (["open"], "undecided"),
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
    ],
)
def test_what_an_outcome_says_depends_on_the_claim(voices, faster, tied, slower, undecided):
    outcomes = {"faster": faster, "tied": tied, "slower": slower, "undecided": undecided, "no interval": "open"}
    assert {o: heard(Exhibit("PyTorch", outcome=o), voices).speaks for o in outcomes} == outcomes


def test_what_is_only_shown_has_no_voice():
    found = rule([exhibit("for"), Exhibit("TensorFlow 1", outcome="slower")])
    assert (found.verdict, [part.group for part in found.parts]) == ("confirmed", ["PyTorch"])


def parts(found):
    return {part.group: part.verdict for part in found.parts}


def test_each_framework_has_a_verdict_and_both_together_one():
    against = exhibit("against", "TensorFlow 2", outcome="tied")
    found = rule([exhibit("for"), against])
    assert (found.verdict, parts(found)) == ("mixed", {"PyTorch": "confirmed", "TensorFlow 2": "refuted"})
    assert [part.equal for part in found.parts] == [False, True]
    assert rule([exhibit("for"), exhibit("open", "TensorFlow 2")]).verdict == "undecided"
    assert rule([exhibit("against"), exhibit("open", "TensorFlow 2")]).verdict == "undecided"


def test_a_framework_that_was_not_measured_leaves_the_claim_unmeasured():
    found = rule([exhibit("for")], needed=("PyTorch", "TensorFlow 2"))
    assert (found.verdict, found.lacking) == ("not measured", True)
    assert parts(found) == {"PyTorch": "confirmed", "TensorFlow 2": "not measured"}


def test_evidence_on_both_sides_is_mixed_whatever_else_was_not_measured():
    found = rule([exhibit("for"), exhibit("against")], needed=("PyTorch", "TensorFlow 2"))
    assert (found.verdict, found.lacking) == ("mixed", True)


def test_the_figure_that_says_least_for_the_claim_stands_for_its_group():
    ratios = [exhibit("for", value=3.0), exhibit("for", value=1.5), exhibit("for", "TensorFlow 2", value=9.0)]
    assert [e.leads for e in rule(ratios).exhibits] == [False, True, True]


def test_a_claim_that_no_figure_can_decide_shows_every_contrast():
    found = beside([exhibit("", metric="p50"), exhibit("", metric="throughput")])
    assert (found.verdict, found.lacking) == ("not a performance claim", False)
    assert [e.leads for e in found.exhibits] == [True, True]
    assert beside([]).lacking

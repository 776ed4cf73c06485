"""Attached endpoints against the first of them, and what a run of nothing else leaves out."""

from serveoff.analyse.analysis_file import load, save
from serveoff.analyse.verdict import FindingCode


def test_each_is_held_against_the_first_as_they_were_given(attached_analysis):
    found = attached_analysis("several").comparison.attached
    assert (found.baseline, found.only) == ("prod", True)
    assert [against.endpoint for against in found.others] == ["canary", "blue", "green", "red"]
    canary, blue, green, red = found.others
    assert (canary.latency.outcome, canary.throughput.outcome) == ("slower", "slower")
    assert (blue.latency.outcome, blue.throughput.outcome) == ("faster", "faster")
    assert green.latency is green.throughput is red.latency is red.throughput is None


def test_what_is_left_alone_or_answers_otherwise_is_shown_and_not_ranked(attached_analysis):
    comparison = attached_analysis("several").comparison
    codes = {
        name: {finding.code for point in comparison.entry(name).points for finding in point.verdict.reasons}
        for name in ("prod", "canary", "blue", "green", "red")
    }
    assert codes == {
        "prod": set(),
        "canary": set(),
        "blue": set(),
        "green": {FindingCode.STOPPED},
        "red": {FindingCode.GATE_FAILED},
    }
    assert [entry.name for entry in comparison.entries if entry.rank] == ["blue", "prod", "canary"]
    assert comparison.entry("green").alone.p50_s.value > 0, "what was measured of it is shown"


def test_advice_is_about_a_server_that_is_not_ours(attached_analysis):
    comparison = attached_analysis("several").comparison
    (point, _) = comparison.entry("red").points
    assert "serveoff verify" not in point.verdict.reasons[0].advice
    (point,) = (p for p in attached_analysis("failing").comparison.entry("canary").points if not p.valid)
    assert "its own log" in point.verdict.reasons[0].advice


def test_there_is_no_column_for_what_cannot_be_seen(attached_analysis):
    def matrix(run):
        return attached_analysis(run).comparison.decision.matrix

    assert matrix("several").objectives == ("latency", "tail", "throughput")
    assert matrix("seen").objectives == ("latency", "tail", "throughput", "cost", "memory")
    marks = {row.endpoint: row.cells["memory"].mark for row in matrix("seen").rows}
    assert marks == {"prod": "alone", "canary": "absent"}, "nobody is the best of one"


def test_nothing_is_said_to_serve_it_with_and_no_claim_is_judged(attached_analysis):
    comparison = attached_analysis("slower").comparison
    assert comparison.decision.recommended == "prod"
    assert comparison.decision.serve_with is comparison.decision.sizing is None
    assert comparison.claims == ()


def test_a_stored_analysis_says_the_same(attached_analysis, tmp_path):
    analysis = attached_analysis("several")
    save(analysis, tmp_path / "analysis.json")
    assert load(tmp_path / "analysis.json").comparison.attached == analysis.comparison.attached

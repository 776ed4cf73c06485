"""What a run of attached endpoints says first."""

import re

import pytest

from serveoff.analyse import canary
from serveoff.report.phrases import attached, recommendation
from serveoff.report.phrases import canary as words
from tests.language import stumbles
from tests.serveoff.attached_runs import RUNS

BOUNDS = r"\(\d[\d.]*–\d[\d.]*\)"


@pytest.mark.parametrize(
    ("run", "head"),
    [
        ("slower", rf"canary is 1\.0\d times slower than prod {BOUNDS}"),
        ("unsure", r"Undecided: canary is between 1\.\d+ times faster and 1\.\d+ times slower than prod"),
        ("several", r"Against prod: canary is slower; blue is faster; green and red are not ranked"),
        ("stopped", r"Nothing to compare with: prod is not ranked"),
        ("refused", r"canary is not ranked"),
        ("idle", r"Nothing to compare with prod: red is not ranked"),
        ("restless", r"Nothing to compare with: prod is not ranked"),
        ("alone", r"prod was measured alone"),
    ],
)
def test_the_head_says_how_the_others_stand_against_the_first(attached_analysis, run, head):
    assert re.fullmatch(head, recommendation.head(attached_analysis(run).comparison))


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("slower", "Failed: canary is slower than prod by more than 5%"),
        ("allowed", "Passed: canary is not slower than prod by more than 25%"),
        ("failing", "Failed: canary has an INVALID figure"),
        ("stopped", "Failed: nothing can be compared with prod"),
        ("idle", "Failed: red has no VALID figure"),
        (
            "several",
            "Failed: canary is slower than prod by more than 5%; green has no VALID figure; red has no VALID figure",
        ),
        (
            "unsure",
            "Undecided: this run cannot say whether canary is slower than prod by more than 8%: give it more time "
            "(`--minutes`)",
        ),
    ],
)
def test_the_verdict_comes_before_the_other_statements(attached_analysis, run, said):
    comparison = attached_analysis(run).comparison
    assert words.verdict(canary.asked(comparison)) == said
    assert recommendation.statements(comparison)[0] == said


def test_both_figures_stand_beside_each_other(attached_analysis):
    figures = recommendation.figures(attached_analysis("slower").comparison)
    assert re.fullmatch(
        r"2\.1\d ms median with 1 caller, prod 2\.0\d ms; 43\d req/s with 4 callers, prod 47\d req/s", figures
    )
    assert recommendation.figures(attached_analysis("several").comparison) == ""


def test_a_name_keeps_its_small_letter(attached_analysis):
    comparison = attached_analysis("several").comparison
    assert [said.partition(":")[0] for said in recommendation.sentences(comparison)[1:]] == [
        "canary",
        "blue",
        "green",
        "red",
    ]
    assert recommendation.row_name(comparison, "prod") == "prod"


def test_throughput_at_the_rate_that_was_allowed_says_nothing(attached_analysis):
    assert "--max-rate" in recommendation.statements(attached_analysis("held").comparison)[1]


def test_what_cannot_be_seen_is_said_once_and_of_whom(attached_analysis):
    said = " ".join(recommendation.unsettled(attached_analysis("slower").comparison))
    assert said.count("cannot be seen from outside") == 1
    assert said.endswith("threads cannot be seen from outside; give `pid:`, `container:` or `metrics:` beside the URL.")
    assert "threads of canary cannot" in attached.unseen(attached_analysis("seen").comparison)


@pytest.mark.parametrize("run", RUNS)
def test_no_phrase_is_one_that_readers_stumble_over(attached_analysis, run):
    comparison = attached_analysis(run).comparison
    said = [recommendation.head(comparison), recommendation.figures(comparison)]
    said += [*recommendation.sentences(comparison), *recommendation.unsettled(comparison)]
    assert [found for text in said for found in stumbles(text)] == []

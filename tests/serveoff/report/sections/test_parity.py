"""Parity: who answers as the reference does, and how far apart the others are."""

from serveoff.report.sections import parity
from tests.serveoff.synthetic import Scenario, write_run


def rows(comparison):
    return {row[0].text: [cell.text for cell in row[1:]] for row in parity.parity(comparison).rows}


def test_it_shows_the_share_of_equal_answers_the_largest_error_and_where_it_is(attached_analysis):
    comparison = attached_analysis("several").comparison
    found = rows(comparison)
    assert list(found) == ["prod", "canary", "blue", "green", "red"]
    assert found["prod"][:4] == ["reference", "64 of 64", "–", "–"]
    assert found["canary"][:4] == ["agree", "64 of 64", "3e-07", "4"]
    assert found["red"] == ["differ", "56 of 64", "0.290", "17", "0", "0"]
    checked = sum(window.answers_checked for window in comparison.entry("canary").result.windows)
    assert found["canary"][4] == f"{checked:,}"


def test_it_names_who_differs_and_the_reference(attached_analysis):
    section = parity.section(attached_analysis("several").comparison)
    assert section.paragraphs == ("red answered otherwise before anything was timed.",)
    assert "the answers of prod" in section.table.caption
    assert "the golden outputs of questions" in parity.sentence(attached_analysis("seen").comparison)


def test_one_that_gives_no_answer_says_so(attached_analysis):
    comparison = attached_analysis("refused").comparison
    assert rows(comparison)["canary"][:4] == ["none", "–", "–", "–"]
    assert parity.sentence(comparison) == "canary gave no answers to compare."


def test_one_that_does_not_answer_itself_twice_alike_is_no_reference(attached_analysis):
    comparison = attached_analysis("restless").comparison
    assert rows(comparison)["prod"][0] == "no reference"
    assert parity.sentence(comparison).startswith("prod cannot be the reference: 8 of 64 samples")


def test_a_run_of_ours_has_no_such_section(tmp_path):
    from serveoff.analyse.analysis import compare

    ours = compare(write_run(tmp_path / "run", Scenario(only=("flask-torchscript-rest",), rounds=2)))
    assert parity.section(ours) is None

"""MLPerf's words, where it has one."""

import pytest

from serveoff.loadtests.loads import parse_load
from serveoff.report.phrases.scenarios import of_callers, scenario


@pytest.mark.parametrize(
    ("load", "word"),
    [
        ("1", "single stream"),
        ("4", "closed loop, 4 callers"),
        ("poisson@500", "server"),
        ("constant@500", "open loop at a constant rate"),
        ("1x32", "offline"),
        ("1/rest_raw", "single stream"),
    ],
)
def test_each_load_has_its_word(load, word):
    assert scenario(parse_load(load)) == word


def test_several_callers_are_said_to_be_none_of_mlperfs():
    assert of_callers((1, 4, 16)) == (
        "One caller is MLPerf's single stream scenario; a closed loop of several callers is none of its scenarios."
    )
    assert of_callers((1,)) == "One caller is MLPerf's single stream scenario."
    assert of_callers((4,)) == "A closed loop of several callers is none of its scenarios (MLPerf)."

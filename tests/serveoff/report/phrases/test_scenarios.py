"""MLPerf's words, where it has one."""

import pytest

from serveoff.loadtests.loads import parse_load
from serveoff.report.phrases.names import scenario


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

import pytest

from serveoff.loadtests.loads import parse_load
from serveoff.report.phrases.names import describe_load


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ("1", "1 caller"),
        ("16", "16 callers"),
        ("poisson@500", "open loop, 500 req/s"),
        ("1/raw_tensor", "1 caller, raw bytes"),
        ("1x32", "1 caller, 32 rows a request"),
    ],
)
def test_a_load_in_words(load, words):
    assert describe_load(parse_load(load)) == words

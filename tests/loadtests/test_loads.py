import pytest

from serveoff.loadtests.loads import OPEN_LOOP_CONNECTIONS, Load, Stage, closed, parse_load, parse_stages


def test_stages_are_users_and_seconds():
    assert parse_stages("1:2.0,16:0.5") == [Stage(closed(1), 2.0), Stage(closed(16), 0.5)]


@pytest.mark.parametrize(
    "load",
    [
        closed(4),
        Load(payload="raw_tensor"),
        Load(batch=32),
        Load(4, payload="json_base64", batch=32),
        Load(payload="keras_predict", batch=8),
        Load(OPEN_LOOP_CONNECTIONS, "poisson", 50.0, "raw_tensor", 8),
    ],
)
def test_a_load_is_read_as_it_is_written(load):
    assert parse_load(load.text) == load


@pytest.mark.parametrize(
    "text", ["", "4", "4:", ":2", "a:1", "1:b", "0:1", "-1:2", "1:0", "1:-2", "1:nan", "1:inf", "1:1,"]
)
def test_anything_else_is_refused_by_name(text):
    with pytest.raises(ValueError, match=r"load:seconds|no load|at least one user|more than zero"):
        parse_stages(text)

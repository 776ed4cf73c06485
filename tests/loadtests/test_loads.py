import pytest

from serveoff.loadtests.loads import OPEN_LOOP_CONNECTIONS, Load, closed, parse_load


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


@pytest.mark.parametrize("text", ["", "4:", "a", "0", "-1", "nan", "1,4", "poisson@0", "4x0", "4/", "uniform@5"])
def test_anything_else_is_refused_by_name(text):
    with pytest.raises(ValueError, match=r"not a load|at least one user"):
        parse_load(text)

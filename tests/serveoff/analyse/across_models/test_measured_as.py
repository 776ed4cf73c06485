"""Runs that do not belong together are refused, unless that is asked for."""

import pytest

from serveoff.analyse.across_models.measured_as import check, differences
from serveoff.errors import UsageError
from serveoff.record.suite import load_suite
from tests.serveoff.model_runs import write_model
from tests.serveoff.report.web.conftest import change
from tests.serveoff.synthetic import Scenario

SHORT = Scenario(slice_s=0.04, only=("flask-torchscript-rest", "inprocess-torchscript"))


@pytest.fixture
def pair(tmp_path):
    def make(**changes):
        first = write_model(tmp_path / "a", "tiny_mlp", SHORT)
        second = change(write_model(tmp_path / "b", "middle_cnn", SHORT), **changes)
        return [load_suite(folder) for folder in (first, second)]

    return make


def test_runs_that_were_made_alike_are_taken(pair):
    suites = pair()
    assert differences(suites) == []
    check(suites, mixed=False)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"machine": "ffff"}, "machine a1b2c3d4 / ffff"),
        ({"profile": "full"}, "profile quick / full"),
        ({"workers": 2}, "workers 1 / 2"),
        ({"concurrencies": [1, 2]}, "concurrencies 1,4,16 / 1,2"),
    ],
)
def test_what_differs_is_named_and_refused_unless_it_is_asked_for(pair, changes, said):
    suites = pair(**changes)
    assert differences(suites) == [said]
    with pytest.raises(UsageError, match="the runs differ"):
        check(suites, mixed=False)
    check(suites, mixed=True)


def test_which_endpoints_and_which_seed_may_differ(pair):
    check(pair(seed=99, endpoints=["flask-*"]), mixed=False)


def test_two_runs_of_one_model_are_refused_even_then(pair):
    suites = pair(model="tiny_mlp")
    with pytest.raises(UsageError, match="a and b are of one model, tiny_mlp"):
        check(suites, mixed=True)

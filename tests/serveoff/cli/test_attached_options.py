"""Options that name endpoints which already run."""

import numpy as np
import pytest

from serveoff.cli.attached_options import BESIDE_URLS
from serveoff.cli.options import settings_of
from serveoff.cli.run_options import RunOptions
from serveoff.errors import UsageError

TWO = [f"{name}=http://127.0.0.1:1/v1/models/m" for name in "ab"]


@pytest.fixture
def samples(tmp_path):
    path = tmp_path / "My inputs-1.npz"
    np.savez(path, x=np.zeros((2, 3)))
    return str(path)


def test_two_urls_and_samples_are_a_run_of_their_own(samples):
    found = settings_of(RunOptions(url=TWO, samples=samples, fail_if_slower="5%"))
    assert [(e.name, e.guarded, e.max_rate) for e in found.attached] == [("a", False, None), ("b", False, None)]
    assert (found.model, found.samples, found.fail_if_slower) == ("my_inputs_1", samples, 0.05)
    assert len(found.samples_sha256) == 64
    assert (found.open_shares, found.probes, found.payloads, found.batches) == ([], 0, False, [])
    assert (found.minutes, found.race, found.load_from) == (10, True, "host")


def test_who_may_be_overloaded_is_asked_to_be():
    found = settings_of(RunOptions(url=TWO, open_loop="50", objective="p99:10ms", concurrency="2,8", runtime="docker"))
    assert (found.open_shares, found.probes, found.concurrencies, found.load_from) == ([0.5], 5, [2, 8], "host")


def test_who_is_asked_at_a_rate_has_one_caller():
    found = settings_of(RunOptions(url=TWO, max_rate=20.0))
    assert found.concurrencies == [1]
    assert {(e.max_rate, e.guarded) for e in found.attached} == {(20.0, True)}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": TWO[:1]}, "one endpoint alone"),
        ({"url": ["a=http://127.0.0.1/v1/models/m"] * 2}, "two endpoints are called a"),
        ({"url": [TWO[0], "flask-savedmodel-rest=http://127.0.0.1/v1/models/m"]}, "is the name of an endpoint of ours"),
        ({"url": TWO, "samples": "/nowhere/s.npz"}, "cannot read the samples"),
        ({"url": TWO, "samples": "s.npz", "endpoints": ["flask-*"]}, "alone"),
        ({"url": TWO, "fail_if_slower": "five"}, "is no limit"),
        ({"url": TWO[:1], "endpoints": ["flask-*"], "fail_if_slower": "5%"}, "is for two endpoints"),
        ({"url": TWO, "fail_if_slower": "0%"}, "is no limit"),
        ({"urls": "/nowhere/endpoints.toml"}, "cannot read"),
    ],
)
def test_what_cannot_be_is_told(given, said):
    with pytest.raises(UsageError, match=said):
        settings_of(RunOptions(**given))


@pytest.mark.parametrize("name", BESIDE_URLS)
def test_without_a_url_its_options_are_refused(name):
    value = {"max_rate": 3.0, "yes_i_may_load": ["h"]}.get(name, "x")
    with pytest.raises(UsageError, match="is for endpoints that already run"):
        settings_of(RunOptions(**{name: value}))


def test_samples_behind_a_link_to_itself_cannot_be_read(tmp_path):
    (tmp_path / "loop.npz").symlink_to("loop.npz")
    with pytest.raises(UsageError, match="Too many levels of symbolic links"):
        settings_of(RunOptions(url=TWO, samples=str(tmp_path / "loop.npz")))

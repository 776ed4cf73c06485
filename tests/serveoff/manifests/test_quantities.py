"""Sizes, times and cores of Compose."""

import pytest

from serveoff.manifests import quantities
from serveoff.services.registry import RegistryError


@pytest.mark.parametrize(
    ("said", "meant"), [("4g", "4Gi"), ("512m", "512Mi"), ("1.5g", "1610612736"), ("1024", "1024"), ("2GB", "2Gi")]
)
def test_memory(said, meant):
    assert quantities.memory(said) == meant


def test_what_is_no_size_is_refused():
    with pytest.raises(RegistryError, match="mem_limit is 'much'"):
        quantities.memory("much")


@pytest.mark.parametrize(
    ("block", "meant"),
    [
        ({"cpus": "0", "cpuset": "0"}, "1"),
        ({"cpus": 0, "cpuset": "0-2,5"}, "4"),
        ({"cpus": "1.5", "cpuset": "0-2"}, "1.5"),
        ({"cpus": "2.0"}, "2"),
        ({"cpuset": ""}, None),
        ({}, None),
    ],
)
def test_cores(block, meant):
    assert quantities.cores(block) == meant


def test_nothing_is_asked_for_where_nothing_is_said():
    assert quantities.resources({}) == {}


@pytest.mark.parametrize(("said", "meant"), [("5s", 5), ("1m30s", 90), ("500ms", 1), ("2h", 7200), (None, 7), ("", 7)])
def test_seconds(said, meant):
    assert quantities.seconds(said, 7) == meant

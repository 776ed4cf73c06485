"""What all tests of pages share, a headless Chromium for each module that opens one; and runs that several look at."""

from functools import cache

import pytest

from serveoff.analyse.analysis import analyse
from tests.chromium import launched
from tests.serveoff.attached_runs import RUNS, write_attached


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def attached_run(tmp_path_factory):
    """The folder of a run of `attached_runs.RUNS`, by its name; each is written once."""
    root = tmp_path_factory.mktemp("attached")

    @cache
    def written(name):
        endpoints, how = RUNS[name]
        return write_attached(root / name, *endpoints, **how)

    return written


@pytest.fixture(scope="session")
def attached_analysis(attached_run):
    """Its analysis, made once."""
    return cache(lambda name: analyse(attached_run(name)))

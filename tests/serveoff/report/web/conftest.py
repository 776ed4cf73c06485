"""A results folder with runs of every kind, and the page over it."""

import re

import pytest

from serveoff.analyse.analysis_file import analysis_of
from serveoff.record.suite import load_suite
from serveoff.report.web.app import create_app
from tests.serveoff.report.conftest import HOSTILE
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.written_runs import save_run

SHORT = Scenario(slice_s=0.16, only=("flask-torchscript-rest", "flask-torch-eager-rest", "inprocess-torchscript"))
FASTER = Scenario(slice_s=0.16, only=SHORT.only, seed=8, speedup={"flask-torchscript-rest": 1.4})
KILLED = Faults(killed=["flask-torchscript-rest"], renamed={"flask-torch-eager-rest": HOSTILE}, note=HOSTILE)


def change(folder, started_at=None, machine=None, model=None, **settings):
    """Rewrite a run's suite as if it had been made otherwise."""
    suite = load_suite(folder)
    suite.started_at = started_at or suite.started_at
    suite.environment.machine.id = machine or suite.environment.machine.id
    suite.settings = suite.settings.model_copy(update=settings | ({"model": model} if model else {}))
    save_run(folder, suite)
    return folder


def analysed(folder):
    """Store a run's analysis, as its end does."""
    analysis_of(folder)
    return folder


def verdict(client, run):
    """The part of the list that says who wins in a run, or why nothing is said."""
    listed = client.get("/").text
    return re.search(rf'<li class="run">(?:(?!</li>).)*?href="/runs/{run}/".*?</li>', listed, re.S)[0]


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """before, after (torchscript 1.4 times as fast), killed, partial, and one of another machine and model."""
    root = tmp_path_factory.mktemp("results")
    change(write_run(root / "before", SHORT), "2026-01-01T10:00:00+00:00")
    change(write_run(root / "after", FASTER), "2026-01-02T10:00:00+00:00", workers=2)
    change(write_run(root / "killed", SHORT, KILLED), "2026-01-03T10:00:00+00:00")
    change(write_run(root / "partial", SHORT, Faults(partial_after_round=1)), "2026-01-04T10:00:00+00:00")
    change(write_run(root / "elsewhere", FASTER), "2026-01-05T10:00:00+00:00", machine="ffff", model="another")
    for run in root.iterdir():
        analysed(run)
    return root


@pytest.fixture(scope="session")
def client(results):
    return create_app(results).test_client()


@pytest.fixture
def folder(tmp_path):
    """An empty results folder, and what lies beside it must not be seen."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "run.json").write_text("{}")
    (tmp_path / "results").mkdir()
    return tmp_path / "results"


@pytest.fixture
def own(folder):
    """The page over the empty folder."""
    return create_app(folder).test_client()

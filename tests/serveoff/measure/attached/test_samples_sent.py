"""What all endpoints of a run are sent."""

import json

import numpy as np
import pytest

from serveoff.cli.options import settings_of
from serveoff.cli.run_options import RunOptions
from serveoff.measure.attached import exchanges, starting
from serveoff.measure.attached.session import attach, deployments
from tests.serveoff.measure.fakes import fake_run

URLS = ["a=http://127.0.0.1:1/v1/models/m", "b=http://127.0.0.1:1/v2/models/m"]


@pytest.fixture
def settings(tmp_path):
    np.savez(tmp_path / "s.npz", x=np.arange(100, 120))
    return settings_of(RunOptions(url=URLS, samples=str(tmp_path / "s.npz")))


def sent(exchange):
    """Of the API of TensorFlow Serving."""
    return [json.loads(body)["instances"][0] for body in exchange.bodies]


def test_every_sample_is_sent_to_each(settings):
    attached = attach(settings)
    assert sent(attached.exchanges["a"]) == [*range(100, 120)]
    assert [len(exchange.bodies) for exchange in attached.exchanges.values()] == [20, 20]
    assert attached.fewer == ""


def test_where_requests_take_too_much_fewer_samples_are_sent_to_all_and_that_is_said(settings, monkeypatch, tmp_path):
    largest = max(len(exchange.bodies[0]) for exchange in attach(settings).exchanges.values())
    monkeypatch.setattr(exchanges, "POOL_BYTES", 4 * largest)
    attached = attach(settings)
    assert sent(attached.exchanges["a"]) == [100, 105, 110, 115]
    assert len(attached.exchanges["b"].bodies) == 4
    with fake_run(tmp_path / "run", "flask-torchscript") as run:
        run.attached = attached
        for deployment in deployments(settings):
            starting.prepare(run, deployment, deployment.endpoints[0])
    assert run.said().count("4 of 20 samples are sent, evenly apart") == 1


def test_of_large_samples_one_is_sent(settings, monkeypatch):
    monkeypatch.setattr(exchanges, "POOL_BYTES", 1)
    assert sent(attach(settings).exchanges["a"]) == [100]

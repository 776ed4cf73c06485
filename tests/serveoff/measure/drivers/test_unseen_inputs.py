"""Whom a run asks for the right answers to what it will send."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from serveoff.errors import ServerFailed
from serveoff.measure.drivers import unseen_inputs as module
from serveoff.measure.drivers.unseen_inputs import unseen_inputs
from serveoff.measure.plan.plan import make_plan
from serveoff.measure.plan.profiles import run_settings
from serveoff.record.problems import StartCode
from serveoff.services.registry import read_registry

REGISTRY = read_registry(environ={})
EVERY = ("savedmodel", "frozen_graph", "torchscript")


@dataclass
class Runtime:
    broken: set
    started: list = field(default_factory=list)

    def resolve(self, deployment):
        return deployment, ""

    def start(self, deployment):
        self.started.append(deployment.name)
        if deployment.format in self.broken:
            raise ServerFailed(StartCode.NOT_STARTED, "no memory")
        return SimpleNamespace(stop=lambda: self.started.append("stop"))


@pytest.fixture
def asked(monkeypatch):
    monkeypatch.setattr(module, "wait_floor", lambda server: None)
    monkeypatch.setattr(module, "bare_answers", lambda server, seed: seed)

    def ask(*endpoints, broken=(), run_id="r", artifacts=EVERY):
        plan = make_plan(REGISTRY, endpoints, run_settings("quick", model="digits_cnn"))
        runtime, manifest = Runtime(set(broken)), SimpleNamespace(artifacts=dict.fromkeys(artifacts))
        return unseen_inputs(plan, REGISTRY, manifest, runtime, SimpleNamespace(run_id=run_id)), runtime.started

    return ask


def test_the_model_of_what_is_served_is_asked_alone_and_ended(asked):
    found, started = asked("torchserve-*")
    assert started == ["inprocess-torchscript-answers", "stop"]
    assert list(found) == ["digits_cnn"]
    assert found == asked("torchserve-*")[0] != asked("torchserve-*", run_id="another")[0]


def test_where_one_artifact_cannot_answer_the_next_does(asked):
    found, started = asked("torchserve-*", broken=["torchscript"])
    assert started == ["inprocess-torchscript-answers", "inprocess-savedmodel-answers", "stop"]
    assert found


def test_where_nothing_is_served_or_none_answers_there_are_none(asked):
    assert asked("inprocess-*") == ({}, [])
    assert asked("torchserve-*", broken=EVERY)[0] == {}

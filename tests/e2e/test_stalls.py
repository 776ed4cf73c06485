"""Servers that stall are seen, and never look better than they serve."""

from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from rich.console import Console

from benchmarks.twins import Pair
from serveoff.analyse.analysis import analyse
from serveoff.analyse.race import look
from serveoff.measure import run_lifecycle
from serveoff.measure.plan.profiles import run_settings
from serveoff.measure.runtimes import local
from serveoff.measure.runtimes.cpus import plan_cpus
from serveoff.models.isolation import isolated

HONEST, STALLS = "flask-torchscript", "flask-torchscript-stalls"
LAUNCHER = "stalling_flask"


@contextmanager
def registered(how):
    """The registry with the one that stalls in it, whose launcher is started by its path."""

    def command(module, *arguments):
        ours = isolated(module, *arguments)
        return [*ours[:-2], str(Path(__file__).with_name("stalling_flask.py"))] if module == LAUNCHER else ours

    with Pair(HONEST, STALLS, {"STALL": how}, launcher=LAUNCHER).registered(), patch.object(local, "isolated", command):
        yield


def compared(how, rounds, monkeypatch, tmp_path):
    monkeypatch.setenv("SERVEOFF_RESULTS", str(tmp_path))
    cpus = plan_cpus()
    cores = {"server_cpus": list(cpus.server), "client_cpus": list(cpus.client)}
    settings = run_settings(
        "quick", model="digits_cnn", endpoints=[HONEST, STALLS], concurrencies=[1], rounds=rounds, seed=1, **cores
    )
    with registered(how):
        run_lifecycle.prepare(settings, Console(quiet=True))
        folder = run_lifecycle.begin(settings)
        run_lifecycle.carry_out(folder, Console(quiet=True), look)
    return {entry.name: entry.alone for entry in analyse(folder).comparison.entries}


@pytest.mark.slow
def test_a_server_that_answers_nothing_for_whole_windows_does_not_count(model_dir, monkeypatch, tmp_path):
    found = compared("clock:2:1.2", 16, monkeypatch, tmp_path)
    (reason,) = found[f"{STALLS}-rest"].verdict.reasons
    assert reason.code == "stalled"
    assert "had no request to count" in reason.seen
    assert "stalled" not in [finding.code for finding in found[f"{HONEST}-rest"].verdict.findings]


@pytest.mark.slow
def test_requests_that_hang_cost_their_time(model_dir, monkeypatch, tmp_path):
    """Every 10th takes 1.5 s longer: some 7 a second are answered, however quick the others are."""
    found = compared("hang:10:1.5", 3, monkeypatch, tmp_path)
    stalls = found[f"{STALLS}-rest"]
    assert "stalled" in [finding.code for finding in stalls.verdict.cautions]
    assert stalls.throughput.low < 10 / 1.5
    assert stalls.throughput.value < 2 * 10 / 1.5

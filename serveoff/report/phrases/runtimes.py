"""What the report calls things that differ between the runtimes: processes of a machine, or containers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from serveoff.analyse.comparison import Comparison


@dataclass(frozen=True)
class RuntimeTerms:
    """Words of one runtime, each fit for the middle of a sentence."""

    servers: str
    """What each deployment is."""
    phases: str
    """The phases of a cold start, in order."""
    start: str
    """The instant that a cold start is counted from, in a word or two."""
    spawn: str
    """The same, in full."""
    idle: str
    """What is done to a deployment that waits for its turn."""
    whole: str
    """All that a deployment's CPU time is summed over."""
    unfair: str
    """What else makes a point INVALID, with a comma at its end."""


TERMS: Final = {
    "local": RuntimeTerms(
        servers="a process of this machine",
        phases="spawn, port open, model ready, first answer",
        start="spawn",
        spawn="the spawn of the server's process",
        idle="frozen (SIGSTOP)",
        whole="process tree",
        unfair="cores, threads, workers or batching other than requested, ",
    ),
    "docker": RuntimeTerms(
        servers="a container",
        phases="container created, started, port open, model ready, first answer",
        start="container start",
        spawn="the engine's start of the container",
        idle="paused (`docker pause`)",
        whole="container",
        unfair="container limits other than requested or than those of the rest, cores, threads, workers or batching "
        "other than requested, ",
    ),
}


def terms(comparison: Comparison) -> RuntimeTerms:
    """The words for this run's runtime."""
    return TERMS[comparison.suite.settings.runtime]


def runtime(comparison: Comparison) -> str:
    """What the deployments were, where Locust ran, and how many were awake at once, in a few words."""
    settings = comparison.suite.settings
    locust = f"Locust {'in a container too' if settings.load_from == 'container' else 'as a process'}"
    awake = "all awake at once" if settings.together else "one awake at a time"
    kind = "processes" if settings.runtime == "local" else f"containers{_by(comparison)}"
    return f"{kind}, {locust}, {awake}"


def _by(comparison: Comparison) -> str:
    engine = comparison.suite.environment.engine
    return f" ({engine})" if engine else ""


def path(comparison: Comparison) -> str:
    """What deployments and load generator are, and what lies between them."""
    settings = comparison.suite.settings
    each = f"Each deployment is {terms(comparison).servers}{_by(comparison)}"
    beyond = "Networks between machines were not measured."
    if settings.runtime == "local":
        return f"{each}, and so is Locust; requests cross the loopback interface. {beyond}"
    if settings.load_from == "host":
        return f"{each}. Locust ran as a process of the host; requests cross into the containers' network. {beyond}"
    return f"{each}. Locust ran in a container of the same network; no port of the host lies in the path. {beyond}"


def isolation(comparison: Comparison) -> str:
    """How many deployments were awake, and what became of the others."""
    if comparison.suite.settings.together:
        return (
            "All deployments were up and awake at once (`--together`), so idle ones may have taken CPU time, caches "
            "and memory from the one that was measured."
        )
    return f"One deployment is awake at a time; idle ones are {terms(comparison).idle}, or stopped if memory is short."


def beside(comparison: Comparison) -> str:
    """What else was awake during a cold start."""
    return "beside those already up" if comparison.suite.settings.together else "with nothing else awake"

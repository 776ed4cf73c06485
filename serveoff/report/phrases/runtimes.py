"""What the report calls things that differ between the runtimes: processes of a machine, or containers."""

from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.record.settings import RunSettings

ALREADY: Final = "The endpoints already ran: nothing was started, frozen or stopped for this run."
HERE: Final = "Locust ran as a process of this machine; the network from here to them is in every latency."


def in_containers(comparison: Comparison) -> bool:
    """Deployments were containers, not processes."""
    return comparison.suite.settings.runtime == "docker"


def start(comparison: Comparison) -> str:
    """The instant that a cold start is counted from."""
    return "the engine's start of the container" if in_containers(comparison) else "the spawn of the server's process"


def runtime(comparison: Comparison) -> str:
    """What the deployments were, where Locust ran, and how many were awake at once, in a few words."""
    settings = comparison.suite.settings
    if comparison.attached.only:
        return f"endpoints that already run, {_workers(settings) or 'Locust as a process'}"
    locust = f"Locust {'in a container too' if settings.load_from == 'container' else 'as a process'}"
    awake = "all awake at once" if settings.together else "one awake at a time"
    kind = f"containers{_by(comparison)}" if in_containers(comparison) else "processes"
    return f"{kind}, {_workers(settings) or locust}, {awake}"


def _workers(settings: RunSettings) -> str:
    """Empty where load came from no other hosts."""
    return f"{settings.expect_workers} Locust workers" if settings.expect_workers else ""


def _by(comparison: Comparison) -> str:
    engine = comparison.suite.environment.engine
    return f" ({engine})" if engine else ""


def path(comparison: Comparison) -> str:
    """What deployments and load generator are, and what lies between them."""
    settings = comparison.suite.settings
    there = f"Load came from {_workers(settings)}; the network from them to the servers is in every latency."
    if comparison.attached.only:
        return f"{ALREADY} {there if settings.expect_workers else HERE}"
    what = "a container" if in_containers(comparison) else "a process of this machine"
    each = f"Each deployment is {what}{_by(comparison)}"
    if settings.expect_workers:
        return f"{each}. {there}"
    beyond = "Networks between machines were not measured."
    if not in_containers(comparison):
        return f"{each}, and so is Locust; requests cross the loopback interface. {beyond}"
    if settings.load_from == "host":
        return f"{each}. Locust ran as a process of the host; requests cross into the containers' network. {beyond}"
    return f"{each}. Locust ran in a container of the same network; no port of the host lies in the path. {beyond}"


def isolation(comparison: Comparison) -> str:
    """How many deployments were awake, and what became of the others."""
    if comparison.attached.only:
        return "All endpoints stay awake; what others ask of them is in the figures."
    if comparison.suite.settings.together:
        return (
            "All deployments were up and awake at once (`--together`), so idle ones may have taken CPU time, caches "
            "and memory from the one that was measured."
        )
    idle = "paused (`docker pause`)" if in_containers(comparison) else "frozen (SIGSTOP)"
    return f"One deployment is awake at a time; idle ones are {idle}, or stopped if memory is short."


def beside(comparison: Comparison) -> str:
    """What else was awake during a cold start."""
    return "beside those already up" if comparison.suite.settings.together else "with nothing else awake"

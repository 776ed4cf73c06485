"""Profiles: how much to measure, unless the user says otherwise; and the settings that come of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from serveoff.errors import UsageError
from serveoff.record.settings import RunSettings

FIRST_WARMUP: Final = 4
"""A server is first visited with so many times the warm-up: a Java server compiles itself while it serves."""
PROBES: Final = 6
"""Of a search that the user asks for, where the profile has none."""
ONE_OF_EACH: Final = "flask-torchscript+tfserving-savedmodel+torchserve-torchscript"
"""One deployment of each server."""


def _profile(name: str, window_s: float, warmup_s: float, rounds: int, users: list[int], **more: Any) -> RunSettings:
    return RunSettings(
        model="",
        profile=name,
        runtime="local",
        endpoints=[],
        seed=1,
        server_cpus=[],
        client_cpus=[],
        window_s=window_s,
        warmup_s=warmup_s,
        first_warmup_s=FIRST_WARMUP * warmup_s,
        rounds=rounds,
        concurrencies=users,
        cold_without_warmup=True,
        **more,
    )


PROFILES: Final[Mapping[str, RunSettings]] = {
    "quick": _profile("quick", 1.2, 0.5, 2, [1, 4, 16]),
    "default": _profile(
        *("default", 4.0, 1.0, 3, [1, 4, 16]),
        open_shares=[0.5, 0.8],
        batches=[32],
        payloads=True,
        probes=5,
        until_clear=True,
        vary=[f"workers=2@{ONE_OF_EACH}", "defaults"],
        cold_starts=3,
    ),
    "full": _profile(
        *("full", 8.0, 2.0, 5, [1, 2, 4, 8, 16, 32]),
        open_shares=[0.3, 0.5, 0.8],
        batches=[8, 32],
        payloads=True,
        probes=8,
        until_clear=True,
        vary=[f"workers=2,4@{ONE_OF_EACH}", f"batching=16@{ONE_OF_EACH}", "defaults"],
        cold_starts=5,
    ),
}
"""Settings that lack a model and cores."""


def run_settings(profile: str, **given: Any) -> RunSettings:
    """The settings of this profile, but for those that are given and not None; UsageError for what cannot be.

    Where load comes from is not a matter of the profile: containers are driven from a container unless `load_from` says
    otherwise, so that no port of the host is in the path.
    """
    if profile not in PROFILES:
        raise UsageError(f"no profile is called {profile!r}", f"there are: {', '.join(PROFILES)}")
    given = {name: value for name, value in given.items() if value is not None}
    if "rounds" in given:
        # Who names a number of rounds wants that many, unless they say otherwise.
        given.setdefault("until_clear", False)
    if "warmup_s" in given:
        given["first_warmup_s"] = FIRST_WARMUP * given["warmup_s"]
    if given.get("concurrencies") == []:
        raise UsageError("a closed loop needs at least one user", "write --concurrency 1,4,16")
    if "objective_bound_s" in given:
        # Who names an objective wants it searched for.
        given["probes"] = PROFILES[profile].probes or PROBES
    if given.get("load_workers"):
        # A search needs the latencies of all windows in one process; load workers have each their own.
        given["probes"] = 0
    if given.get("together"):
        # With all deployments awake at once, a start has no quiet machine to be repeated on.
        given["cold_starts"] = 1
    if not given.get("load_from"):
        given["load_from"] = "container" if given.get("runtime") == "docker" else "host"
    if given["load_from"] not in ("host", "container"):
        raise UsageError(f"load cannot come from {given['load_from']!r}", "use host or container")
    return RunSettings.model_validate(PROFILES[profile].model_dump() | given)

"""Profiles: how much to measure, unless the user says otherwise; and the settings that come of both."""

from collections.abc import Mapping
from typing import Any, Final

from serveoff.errors import UsageError
from serveoff.record.settings import RunSettings

SHORTEST_DEFAULT: Final = 5.0
"""Minutes. Starts of all take two of them: a shorter run is best spent on what the ranking rests on, as quick does."""
PROBES: Final = 5
"""Of a search that the user asks for, where the profile has none."""
SLICE_S, LEAD_IN_S, WARMUP_S = 0.1, 0.025, 1.0
ONE_OF_EACH: Final = "flask-torchscript+tfserving-savedmodel+torchserve-torchscript"
"""One deployment of each server."""
BATCHING: Final = ONE_OF_EACH.replace("flask-", "flask-tuned-")
"""The same of those that put requests together."""


def _profile(name: str, minutes: float, users: list[int], **more: Any) -> RunSettings:
    return RunSettings(
        model="",
        profile=name,
        runtime="local",
        endpoints=[],
        seed=1,
        server_cpus=[],
        client_cpus=[],
        minutes=minutes,
        slice_s=SLICE_S,
        lead_in_s=LEAD_IN_S,
        warmup_s=WARMUP_S,
        concurrencies=users,
        **more,
    )


PROFILES: Final[Mapping[str, RunSettings]] = {
    "quick": _profile("quick", 3, [1, 4, 16], starts=3),
    "default": _profile(
        *("default", 10, [1, 4, 16]),
        open_shares=[0.5, 0.8],
        payloads=True,
        probes=PROBES,
        starts=3,
        race_starts=10,
        race=True,
    ),
    "full": _profile(
        *("full", 60, [1, 2, 4, 8, 16, 32]),
        open_shares=[0.3, 0.5, 0.8],
        batches=[8, 32],
        payloads=True,
        probes=8,
        starts=5,
        race_starts=5,
        bare_starts=2,
        extra=["onnx", "torch_export"],
        vary=[f"workers=2,4@{ONE_OF_EACH}", f"batching=16@{BATCHING}", "defaults"],
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
    if profile == "default" and given.get("minutes", SHORTEST_DEFAULT) < SHORTEST_DEFAULT:
        profile = "quick"
    if "rounds" in given:
        # Who names a number of rounds wants that many, however long they take.
        given |= {"minutes": None, "race": False}
        given.setdefault("starts", 1)
    if "starts" in given:
        given.setdefault("race_starts", given["starts"])
    if given.get("concurrencies") == []:
        raise UsageError("a closed loop needs at least one user", "write --concurrency 1,4,16")
    given = _implied(profile, given)
    if given.get("together"):
        # With all deployments awake at once, a start has no quiet machine to be repeated on.
        given |= {"starts": 1, "race_starts": 1, "race": False, "bare_starts": 0}
    if not given.get("load_from"):
        given["load_from"] = "container" if given.get("runtime") == "docker" else "host"
    if given["load_from"] not in ("host", "container"):
        raise UsageError(f"load cannot come from {given['load_from']!r}", "use host or container")
    return RunSettings.model_validate(PROFILES[profile].model_dump() | given)


def _implied(profile: str, given: dict[str, Any]) -> dict[str, Any]:
    """What is given, and what who gives it wants besides: an objective is searched for, further formats batched."""
    if "objective_bound_s" in given:
        given = given | {"probes": PROFILES[profile].probes or PROBES}
    return {"batches": PROFILES["full"].batches} | given if given.get("extra") else given

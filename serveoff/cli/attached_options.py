"""What the options of `serveoff run` mean that name endpoints which already run."""

import os
import re
from pathlib import Path
from typing import Any, Final

from serveoff.cli.run_options import RunOptions
from serveoff.errors import UsageError
from serveoff.measure.attached.hosts import cared_for
from serveoff.measure.attached.samples import sha256_of
from serveoff.measure.attached.urls import named_once, parse_url, read_file
from serveoff.record.attached import AttachedEndpoint
from serveoff.services.registry import read_registry

_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)%")
Settings = dict[str, Any]
BESIDE_URLS: Final = {
    "samples": "--samples",
    "ca_file": "--ca-file",
    "max_rate": "--max-rate",
    "yes_i_may_load": "--yes-i-may-load",
    "fail_if_slower": "--fail-if-slower",
}


def attached_settings(asked: RunOptions) -> tuple[Settings, Settings]:
    """What those want who compare endpoints that already run, unless they say otherwise; and what such a run is.

    Nothing where no endpoint is named.
    """
    endpoints = _endpoints(asked)
    if not endpoints:
        _refuse_alone(asked)
        return {}, {}
    if asked.samples and asked.endpoints:
        raise UsageError(
            "--samples are for endpoints that already run alone", "deployments take the model's own inputs"
        )
    if asked.fail_if_slower and len(endpoints) < 2:
        raise UsageError("--fail-if-slower is for two endpoints that already run", "name another: --url canary=...")
    # Whoever runs an endpoint is asked before it is driven to its limit, or sent what it may not take.
    usual: Settings = {"open_shares": [], "probes": 0, "payloads": False, "batches": []}
    paced = any(endpoint.max_rate for endpoint in endpoints)
    fixed = {"attached": endpoints, "fail_if_slower": _share(asked.fail_if_slower), **_samples(asked)}
    here = {} if asked.load_from else {"load_from": "host"}
    return usual | ({"concurrencies": [1]} if paced else {}), fixed | here


def _endpoints(asked: RunOptions) -> list[AttachedEndpoint]:
    found = [parse_url(text) for text in asked.url or ()]
    found += read_file(Path(asked.urls)) if asked.urls else []
    if not found:
        return []
    if len(found) + len(asked.endpoints or ()) < 2:
        raise UsageError("one endpoint alone compares with nothing", "name two or more: --url a=... --url b=...")
    ours = {endpoint.name for deployment in read_registry() for endpoint in deployment.endpoints}
    for endpoint in found:
        if endpoint.name in ours:
            raise UsageError(f"{endpoint.name} is the name of an endpoint of ours", "give yours another name")
    ca_file = asked.ca_file or ""
    known = [e if e.ca_file else e.model_copy(update={"ca_file": ca_file}) for e in named_once(found)]
    return cared_for(known, asked.yes_i_may_load or (), asked.max_rate)


def _refuse_alone(asked: RunOptions) -> None:
    for name, option in BESIDE_URLS.items():
        if getattr(asked, name):
            raise UsageError(
                f"{option} is for endpoints that already run", "name them: --url prod=http://... (two or more)"
            )


def _samples(asked: RunOptions) -> dict[str, Any]:
    """A file of samples, by its whole path; without a model, the run goes by the file's name."""
    if not asked.samples:
        return {}
    path = os.path.realpath(asked.samples)
    name = re.sub(r"[^a-z0-9_]+", "_", Path(path).stem.lower()).strip("_") or "samples"
    return {"samples": path, "samples_sha256": sha256_of(path), "model": name}


def _share(text: str | None) -> float | None:
    """`5%` as 0.05."""
    if text is None:
        return None
    found = _PERCENT.fullmatch(text)
    if found is None or not 0 < float(found[1]) <= 1000:
        raise UsageError(f"{text!r} is no limit", "write it as --fail-if-slower 5%")
    return float(found[1]) / 100

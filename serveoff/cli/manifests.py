"""`serveoff manifests kubernetes`: which deployments, of which model, as which run has set them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from serveoff.errors import ArtifactFailure, ResultsFailure, UsageError
from serveoff.manifests import kserve
from serveoff.manifests.folder import write
from serveoff.manifests.kubernetes import BASE, WINNER, Request, base
from serveoff.manifests.kubernetes import winner as documents_of_winner
from serveoff.measure.artifacts import check_name, missing_formats
from serveoff.measure.plan.plan import make_plan
from serveoff.measure.plan.profiles import run_settings
from serveoff.measure.run_lifecycle import find_run
from serveoff.models.catalog import load_spec
from serveoff.record.roles import role_of
from serveoff.services.compose_variables import variables
from serveoff.services.registry import Deployment, Endpoint, read_registry

COMPARED: Final = ("contender", "stand-in")
"""Roles of the deployments that are written where none is named."""
Chosen = list[tuple[Deployment, tuple[Endpoint, ...]]]


@dataclass(frozen=True)
class _Winner:
    """The deployment that shall serve, and how the run that chose it had set the servers."""

    deployment: str
    settings: Mapping[str, str] = field(default_factory=dict)


def write_kubernetes(
    model: str, names: Sequence[str], out: Path, winner: str = "", image_prefix: str = ""
) -> Iterator[str]:
    """Write the manifests; a line for each folder, and what to know of the winner.

    ArtifactFailure for an unknown model or a format that it does not have, UnknownName for an unknown deployment,
    UsageError for one that is no server, ResultsFailure for a run that recommends nothing.
    """
    check_name(model)
    best = _winner(winner, model) if winner else None
    environ = {**variables(), **(best.settings if best else {}), "MODEL": model}
    registry = read_registry(environ=environ)
    deployment = next((d for d in registry if best and d.service == best.deployment), None)
    chosen = _chosen(registry, model, names)
    if deployment is not None and deployment not in [d for d, _ in chosen]:
        chosen += _chosen(registry, model, [deployment.service])
    request = Request(model, chosen, environ, image_prefix)
    runtime = kserve.runtime(deployment, load_spec(model)) if deployment is not None else None
    documents = dict(base(request))
    if deployment is not None and runtime is not None:
        documents |= documents_of_winner(request, deployment, runtime)
    write(out, documents)
    yield f"written: {out / BASE} ({len(request.deployments)} servers); kubectl apply -k {out / BASE}"
    if runtime is not None:
        yield f"written: {out / WINNER}; kubectl apply -k {out / WINNER}"
    if deployment is not None and (remark := kserve.remark(deployment, runtime)):
        yield f"note: {remark}"


def _chosen(registry: Sequence[Deployment], model: str, names: Sequence[str]) -> Chosen:
    """Those that may win, or what was named: servers only, of formats that the model has."""
    missing = missing_formats(model)
    plan = make_plan(registry, names, run_settings(model=model, profile="default"))
    served = [(d, endpoints) for d, endpoints in plan.deployments if d.ports]
    if names:
        _refuse([d for d, _ in plan.deployments if not d.ports], [d for d, _ in served if d.format in missing], missing)
        return served
    return [(d, endpoints) for d, endpoints in served if d.format not in missing and role_of(d) in COMPARED]


def _refuse(floors: Sequence[Deployment], absent: Sequence[Deployment], missing: Mapping[str, str]) -> None:
    if floors:
        raise UsageError(f"{floors[0].name} is an in-process floor and has no port", "name a server: serveoff list")
    if absent:
        why = missing[absent[0].format]
        raise ArtifactFailure(f"{absent[0].name} cannot be served: {why}", "see: serveoff list")


def _winner(name: str, model: str) -> _Winner:
    """A deployment or endpoint by its name, or what a run recommends."""
    for deployment in read_registry():
        if name in (deployment.name, deployment.service, *(e.name for e in deployment.endpoints)) and deployment.ports:
            return _Winner(deployment.service)
    return _recommended(find_run(name), model)


def _recommended(folder: Path, model: str) -> _Winner:
    from serveoff.report.write import comparison_of

    comparison = comparison_of(folder)
    settings, best = comparison.suite.settings, comparison.decision.recommended
    if settings.model != model:
        raise UsageError(f"run {folder.name} is of the model {settings.model}, not of {model}")
    if best is None:
        raise ResultsFailure(f"run {folder.name} recommends nothing", "name a deployment: --winner NAME")
    entry = next(entry for entry in comparison.entries if entry.name == best)
    return _Winner(entry.result.deployment, settings.of_servers)

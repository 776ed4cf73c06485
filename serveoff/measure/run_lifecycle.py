"""Set up a run from what the user asked for, or from a run that was cut short, and carry it out."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from serveoff.analyse.studies.replicas import replication
from serveoff.errors import ArtifactFailure, ResultsFailure, UsageError
from serveoff.interrupts import shielded
from serveoff.loadtests.samples import NULL_FORMAT
from serveoff.measure.artifacts import check_name, missing
from serveoff.measure.audit.machine import read_environment, read_machine
from serveoff.measure.fleet import Fleet
from serveoff.measure.locust_driver import LoadGenerator
from serveoff.measure.plan.plan import Objective, Plan, Profile, make_plan
from serveoff.measure.plan.variants import FILE_BATCH, Variation, check_variations, needs_other_file, parse_variation
from serveoff.measure.progress import RunProgress
from serveoff.measure.runner import Run, forget_interrupted, measure
from serveoff.measure.runtimes import Preparation, Runtime, find_runtime
from serveoff.measure.runtimes.cpus import CpuPlan, plan_cpus
from serveoff.measure.runtimes.processes import on_cpus
from serveoff.models.manifest import ArtifactError, Manifest, read_manifest
from serveoff.models.spec import model_dir
from serveoff.record.settings import RunSettings
from serveoff.record.suite import ResultsError, Suite, load_suite, results_root, save_suite
from serveoff.services.registry import Deployment, read_registry
from serveoff.services.registry import settings as variables


@dataclass(frozen=True)
class Request:
    """What the user asked to be compared. Server settings are equal for all deployments."""

    model: str
    profile_name: str
    profile: Profile
    endpoints: tuple[str, ...] = ()
    runtime: str = "local"
    seed: int = 1
    server_cpus: str = ""
    client_cpus: str = ""
    intra_op_threads: int = 1
    workers: int = 1
    threads_per_worker: int = 1
    batch_size: int = 1
    batch_delay_ms: int = 0
    variations: tuple[Variation, ...] | None = None
    """None: those of the profile."""
    device: str = "cpu"
    load_from: str = ""
    load_workers: int = 0
    together: bool = False


def check(request: Request) -> None:
    """Refuse what cannot be done before anything is trained or started: unknown names, cores, endpoints."""
    check_name(request.model)
    find_runtime(request.runtime)
    registry = registry_for(request.model)
    make_plan(registry, request.endpoints, request.profile)
    check_variations(registry, request.variations or ())
    plan_cpus(request.server_cpus, request.client_cpus)
    if _load_from(request) not in ("host", "container"):
        raise UsageError(f"load cannot come from {request.load_from!r}", "use host or container")
    if request.runtime != "docker" and (_load_from(request) == "container" or request.load_workers):
        raise UsageError("processes are driven by one process of this machine", "add --runtime docker")
    if request.runtime == "docker" and any(map(needs_other_file, _variations(request))):
        raise UsageError(
            f"containers of TensorFlow Serving batch by {FILE_BATCH} rows",
            f"use batching={FILE_BATCH}, or --runtime local",
        )
    if request.load_workers and _load_from(request) == "host":
        raise UsageError("load workers are containers", "leave --load-from host away")


def prepare(request: Request, console: Console) -> None:
    """Have the model exported and all in place that the runtime needs; long the first time, at once later."""
    preparation = Preparation(request.model, request.endpoints, request.device, console)
    find_runtime(request.runtime).prepare(preparation)


def prepare_again(folder: Path, console: Console) -> None:
    """The same for a run that is to be finished."""
    settings = _load(folder).settings
    preparation = Preparation(settings.model, tuple(settings.endpoints), settings.device, console)
    find_runtime(settings.runtime).prepare(preparation)


def begin(request: Request) -> Path:
    """Make the results folder of a new run, with nothing measured yet; `carry_out` does the rest."""
    manifest = _manifest(request.model)
    cpus = plan_cpus(request.server_cpus, request.client_cpus)
    environment = read_environment()
    with shielded():
        folder = _new_folder()
        suite = Suite(
            run_id=folder.name,
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            model_accuracy=manifest.accuracy,
            model_parameters=manifest.parameters,
            model_quality=manifest.quality,
            model_source=manifest.source,
            settings=_settings(request, cpus),
            environment=environment,
        )
        save_suite(folder, suite)
    return folder


def check_resumable(folder: Path) -> None:
    """ResultsFailure where going on with this run would mix what must not be mixed, or nothing is left to do."""
    suite = _load(folder)
    if suite.complete:
        raise ResultsFailure(f"run {suite.run_id} is complete", f"see it with: serveoff report {suite.run_id}")
    if read_machine().id != suite.environment.machine.id:
        raise ResultsFailure(
            f"run {suite.run_id} was begun on another machine ({suite.environment.machine.cpu_model})",
            "resume it there, or start a new run here",
        )


def carry_out(folder: Path, console: Console) -> None:
    """Measure what this run still lacks; the folder is readable however this ends."""
    suite = _load(folder)
    forget_interrupted(suite)
    settings = suite.settings
    variations = [parse_variation(text) for text in settings.vary]
    chosen = make_plan(registry_for(settings.model), settings.endpoints, _profile(settings), variations)
    with tempfile.TemporaryDirectory(prefix="serveoff-") as state, opened(settings, folder) as runtime:
        everything, notes = _resolve(chosen, runtime)
        manifest = _manifest(settings.model)
        plan = everything.without({d.format for d, _ in everything.deployments if _missing(manifest, d.format)})
        load = LoadGenerator(folder, runtime.client(Path(state)), settings.seed)
        suite.environment.engine = runtime.engine
        with on_cpus(settings.client_cpus), RunProgress(console, plan.total_s) as progress:
            fleet = Fleet(runtime, together=settings.together)
            run = Run(plan, fleet, load, folder, Path(state), suite, progress)
            _describe(run, everything, notes, manifest)
            measure(run)


@contextmanager
def opened(settings: RunSettings, folder: Path) -> Iterator[Runtime]:
    """The runtime of a run; whatever is left of it afterwards is removed."""
    runtime = find_runtime(settings.runtime).open_runtime(settings, folder)
    try:
        yield runtime
    finally:
        with shielded():
            runtime.close()


def _profile(settings: RunSettings) -> Profile:
    return Profile(
        settings.window_s,
        settings.warmup_s,
        settings.rounds,
        tuple(settings.concurrencies),
        settings.warmup_s if settings.first_warmup_s is None else settings.first_warmup_s,
        tuple(settings.open_shares),
        tuple(settings.batches),
        settings.payloads,
        Objective(settings.objective_quantile, settings.objective_bound_s, settings.probes),
        cold_starts=settings.cold_starts,
        cold_without_warmup=settings.cold_without_warmup,
        until_clear=settings.until_clear,
    )


def registry_for(model: str) -> list[Deployment]:
    """The registry with `${MODEL}` filled in."""
    return read_registry(environ={**variables(), "MODEL": model})


def find_run(name: str) -> Path:
    """The folder of a run by its id, its path, or `latest`."""
    if Path(name).is_dir():
        return Path(name)
    runs = list_runs()
    if name == "latest" and runs:
        return runs[-1]
    if (folder := results_root() / name).is_dir() and "/" not in name:
        return folder
    known = ", ".join(run.name for run in runs[-5:]) or "none yet; `serveoff run` makes one"
    raise ResultsFailure(f"no run is called {name!r} in {results_root()}", f"the newest runs: {known}")


def list_runs() -> list[Path]:
    """Every results folder, oldest first."""
    return sorted(path.parent for path in results_root().glob("*/run.json"))


def _resolve(plan: Plan, runtime: Runtime) -> tuple[Plan, dict[str, str]]:
    """The plan with each deployment as this runtime will truly start it, and a note for each stand-in."""
    resolved, notes = [], {}
    for deployment, endpoints in plan.deployments:
        real, note = runtime.resolve(deployment)
        notes[real.name] = note
        resolved.append((real, tuple(replace(endpoint, deployment=real) for endpoint in endpoints)))
    return replace(plan, deployments=tuple(resolved)), notes


def _missing(manifest: Manifest, format: str) -> str:
    """Why nothing of this format can be served; the null service needs no artifact."""
    return "" if format == NULL_FORMAT else missing(manifest, format)


def _describe(run: Run, everything: Plan, notes: Mapping[str, str], manifest: Manifest) -> None:
    """Make a record for every endpoint before anything is measured, so that a partial report lists them all.

    Also for those of a format that the model lacks; of their variants there is nothing to say.
    """
    for endpoint in everything.endpoints:
        reason = _missing(manifest, endpoint.deployment.format)
        if reason and endpoint.deployment.variant:
            continue
        result = run.result(endpoint)
        result.unavailable = reason
        result.note = notes.get(endpoint.deployment.name, "")
        result.replication = result.replication or replication(endpoint.deployment)
        artifact = manifest.artifacts.get(endpoint.deployment.format)
        if artifact is None:
            continue
        if result.artifact_sha256 not in (None, artifact.sha256):
            raise ResultsFailure(
                f"the {artifact.format} artifact changed since run {run.suite.run_id} began",
                "start a new run: two artifacts cannot share one result",
            )
        result.artifact_sha256, result.artifact_bytes = artifact.sha256, artifact.bytes
    run.save()


def _settings(request: Request, cpus: CpuPlan) -> RunSettings:
    return RunSettings(
        model=request.model,
        profile=request.profile_name,
        runtime="docker" if request.runtime == "docker" else "local",
        load_from="container" if _load_from(request) == "container" else "host",
        load_workers=request.load_workers,
        together=request.together,
        endpoints=list(request.endpoints),
        concurrencies=list(request.profile.concurrencies),
        window_s=request.profile.window_s,
        warmup_s=request.profile.warmup_s,
        first_warmup_s=request.profile.first_warmup_s,
        rounds=request.profile.rounds,
        until_clear=request.profile.until_clear,
        open_shares=list(request.profile.open_shares),
        batches=list(request.profile.batches),
        payloads=request.profile.payloads,
        objective_quantile=request.profile.objective.quantile,
        objective_bound_s=request.profile.objective.bound_s,
        # A search needs the latencies of all windows in one process; load workers have each their own.
        probes=0 if request.load_workers else request.profile.objective.probes,
        seed=request.seed,
        server_cpus=list(cpus.server),
        client_cpus=list(cpus.client),
        intra_op_threads=request.intra_op_threads,
        workers=request.workers,
        threads_per_worker=request.threads_per_worker,
        batch_size=request.batch_size,
        batch_delay_ms=request.batch_delay_ms,
        # With all deployments awake at once, a start has no quiet machine to be repeated on.
        cold_starts=1 if request.together else request.profile.cold_starts,
        cold_without_warmup=request.profile.cold_without_warmup,
        vary=[variation.text for variation in _variations(request)],
        device=request.device,
    )


def _variations(request: Request) -> list[Variation]:
    """Those that the user named, or those of the profile that have something to vary in this run."""
    if request.variations is not None:
        return list(request.variations)
    return [parse_variation(text) for text in request.profile.variations]


def _load_from(request: Request) -> str:
    """Containers are driven from a container by default, so that no port of the host is in the path."""
    return request.load_from or ("container" if request.runtime == "docker" else "host")


def _load(folder: Path) -> Suite:
    try:
        return load_suite(folder)
    except ResultsError as error:
        raise ResultsFailure(str(error)) from None


def _manifest(model: str) -> Manifest:
    try:
        return read_manifest(model_dir(model))
    except ArtifactError as error:
        raise ArtifactFailure(str(error)) from None


def _new_folder() -> Path:
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    folder = results_root() / f"{stamp}-{secrets.token_hex(2)}"
    folder.mkdir(parents=True)
    return folder

"""Set up a run from what the user asked for, or from a run that was cut short, and carry it out."""

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from serveoff.errors import ArtifactFailure, ResultsFailure, UsageError, writing_to
from serveoff.interrupts import shielded
from serveoff.loadtests.samples import NULL_FORMAT
from serveoff.measure import open_loops
from serveoff.measure.artifacts import check_name, missing, provide
from serveoff.measure.attached.session import attach, deployments
from serveoff.measure.audit.machine import read_environment
from serveoff.measure.audit.replicas import replication
from serveoff.measure.core_lock import check_cores, cores_locked
from serveoff.measure.drivers.generator import Generator
from serveoff.measure.drivers.unseen_inputs import unseen_inputs
from serveoff.measure.drivers.workers import check_workers, master_options, told_samples
from serveoff.measure.fleet import Fleet
from serveoff.measure.plan.outline import held_back, outline, spared, total_s
from serveoff.measure.plan.plan import Plan, make_plan
from serveoff.measure.plan.profiles import PROFILES, SHORTEST_DEFAULT
from serveoff.measure.plan.variants import check_variations, parse_variation, variations_of
from serveoff.measure.progress import RunProgress
from serveoff.measure.run import LookAt, Run
from serveoff.measure.runner import measure
from serveoff.measure.runtimes import Preparation, Runtime, find_runtime
from serveoff.measure.runtimes.cpus import missing_cpu
from serveoff.measure.runtimes.processes import on_cpus
from serveoff.models.golden import Golden
from serveoff.models.manifest import MANIFEST_NAME, ArtifactError, Manifest, read_manifest
from serveoff.models.spec import model_dir
from serveoff.record.attached import ATTACHED
from serveoff.record.environment import Environment
from serveoff.record.problems import Problem
from serveoff.record.raw_rows import SliceWriter, last_number
from serveoff.record.reading import ResultsError
from serveoff.record.roles import STAND_IN_SERVER
from serveoff.record.settings import RunSettings
from serveoff.record.suite import SUITE_NAME, Suite, began, load_suite, results_root, save_suite
from serveoff.services.compose_variables import variables
from serveoff.services.registry import Deployment, read_registry

ONE_ROW: Final = "takes one row at a time: several rows of a request are answered one after another"
FREE_SPACE: Final = "free some space, or make the folder writable"


def check(settings: RunSettings) -> None:
    """Refuse what cannot be done before anything is trained or started: unknown names, endpoints, cores in use."""
    check_cores(_cores(settings))
    if not settings.samples:
        check_name(settings.model)
    registry = registry_of(settings)
    make_plan(registry, settings.endpoints, settings)
    variations = list(map(parse_variation, settings.vary))
    if settings.vary != PROFILES[settings.profile].vary:
        check_variations(registry, variations)
    if settings.runtime != "docker" and settings.load_from == "container":
        raise UsageError("local servers are driven from this machine", "add --runtime docker")
    if settings.attached and settings.load_from == "container":
        raise UsageError("endpoints that already run are driven from this machine", "leave out --load-from container")
    check_workers(settings)


def prepare(settings: RunSettings, console: Console) -> None:
    """Have the model exported and all in place that the runtime needs; long the first time, at once later."""
    if settings.endpoints or not settings.attached:
        parts = Preparation(settings.model, tuple(settings.endpoints), settings.device, console, tuple(settings.extra))
        find_runtime(settings.runtime).prepare(parts)
    elif not settings.samples and not os.path.isfile(model_dir(settings.model) / MANIFEST_NAME):
        provide(settings.model)
    attach(settings)  # whatever can be wrong with endpoints that already run, and with what is sent to them, is so now


def begin(settings: RunSettings) -> Path:
    """Make the results folder of a new run, with nothing measured yet; `carry_out` does the rest."""
    told = _told_of_model(settings)
    environment = read_environment()
    with shielded(), writing_to(results_root(), FREE_SPACE):
        folder = results_root() / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        folder.mkdir(parents=True)
        suite = Suite(
            run_id=folder.name,
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            settings=settings,
            environment=environment,
            **told,
        )
        save_suite(folder, suite)
    return folder


def _told_of_model(settings: RunSettings) -> dict[str, Any]:
    if settings.samples:
        return {"model_source": ATTACHED}
    manifest = _manifest(settings.model)
    return {
        "model_accuracy": manifest.accuracy,
        "model_parameters": manifest.parameters,
        "model_quality": manifest.quality,
        "model_source": manifest.source,
    }


def resumable(folder: Path) -> RunSettings:
    """The settings of a run that is to be finished.

    ResultsFailure where going on with it would mix what must not be mixed, or nothing is left to do.
    """
    suite = _load(folder)
    if suite.complete:
        raise ResultsFailure(f"run {suite.run_id} is complete", f"see it with: serveoff report {suite.run_id}")
    now = read_environment()
    if now.machine.id != suite.environment.machine.id:
        raise ResultsFailure(
            f"run {suite.run_id} was started on another machine ({_said(suite.environment)}); this is {_said(now)}",
            "resume it there, or start a new run here",
        )
    if other := _other_software(suite.environment, now):
        raise ResultsFailure(
            f"run {suite.run_id} was begun with other software: {other}", "install that again, or start a new run"
        )
    if (core := missing_cpu(_cores(suite.settings))) is not None:
        cores = ",".join(map(str, sorted(_cores(suite.settings))))
        raise ResultsFailure(
            f"core {core} is not available here, and run {suite.run_id} was started on {cores}",
            "resume it where all of them are, or start a new run here",
        )
    return suite.settings


def _said(environment: Environment) -> str:
    return f"{environment.machine.cpu_model}, {environment.machine.cores_said}"


def _other_software(then: Environment, now: Environment) -> str:
    """What is not as it was, such as `torch 2.12.0, now 2.13.0`; empty where all is."""
    names = sorted(then.versions.keys() | now.versions.keys())
    was, is_ = ({**of.versions, "commit": (of.git_commit or "none")[:12]} for of in (then, now))
    changed = [name for name in (*names, "commit") if was.get(name) != is_.get(name)]
    return "; ".join(f"{name} {was.get(name, 'none')}, now {is_.get(name, 'none')}" for name in changed)


def carry_out(folder: Path, console: Console, look: LookAt) -> None:
    """Measure what this run still lacks; the folder is readable however this ends."""
    suite = _load(folder)
    settings = suite.settings
    variations = variations_of(settings)
    registry = registry_of(settings)
    chosen = make_plan(registry, settings.endpoints, settings, variations)
    attached = attach(settings)
    kept = writing_to(folder, f"{FREE_SPACE}, then finish the run: serveoff run --resume {suite.run_id}")
    with kept, cores_locked(_cores(settings), f"run {suite.run_id}"), opened(settings, folder) as own:
        runtime = attached.beside(own)
        everything, notes = _resolve(chosen, runtime)
        manifest = None if settings.samples else _manifest(settings.model)
        plan = everything.where(lambda deployment: _not_asked(deployment, manifest, settings) is None)
        suite.environment.engine = runtime.engine
        earlier = max((w.start for e in suite.endpoints for w in e.windows), default=0)
        fleet = Fleet(runtime, together=settings.together, earlier=earlier)
        number = max(last_number(folder), *(w.number for e in suite.endpoints for w in e.windows), 0)
        with on_cpus(settings.client_cpus), RunProgress(console, total_s(plan)) as progress:
            began = time.monotonic()
            samples: dict[str, Golden] = {}
            if manifest and not settings.attached:  # who attaches endpoints sends all of them the same
                progress.tick("right answers to unseen inputs")
                samples = unseen_inputs(plan, registry, manifest, runtime, suite)
            suite.unseen_inputs = bool(samples)
            suite.wall_s = (suite.wall_s or 0.0) + time.monotonic() - began
            sent = told_samples(settings, samples)
            generator = Generator(runtime.client(), folder, sent, attached, master_options(settings))
            run = Run(plan, fleet, generator, folder, suite, progress, look, SliceWriter(folder), number, attached)
            _describe(run, everything, notes, manifest)
            absent = {d.format: p.text for d, _ in everything.deployments if (p := _missing(manifest, d))}
            for line in outline(plan, open_loops.expected_s(plan), absent):
                console.print(line, highlight=False, markup=False)
            if limited := held_back(settings, suite.environment.machine):
                progress.note(limited)
            measure(run)


def _cores(settings: RunSettings) -> set[int]:
    return {*settings.server_cpus, *settings.client_cpus}


@contextmanager
def opened(settings: RunSettings, folder: Path) -> Iterator[Runtime]:
    """The runtime of a run; whatever is left of it afterwards is removed."""
    runtime = find_runtime(settings.runtime).open_runtime(settings, folder)
    try:
        yield runtime
    finally:
        with shielded():
            runtime.close()


def registry_of(settings: RunSettings) -> list[Deployment]:
    """The registry of a run's model, and behind it the endpoints that are attached."""
    return [*registry_for(settings.model), *deployments(settings)]


def registry_for(model: str) -> list[Deployment]:
    """The registry with `${MODEL}` filled in."""
    return read_registry(environ={**variables(), "MODEL": model})


def find_run(name: str) -> Path:
    """The folder of a run by its id, its path, or `latest`."""
    if os.path.isdir(name):
        return Path(name)
    runs = list_runs()
    if name == "latest" and runs:
        return runs[-1]
    if os.path.isdir(folder := results_root() / name) and "/" not in name:
        return folder
    known = ", ".join(run.name for run in runs[-5:]) or "none yet; `serveoff run` makes one"
    raise ResultsFailure(f"no run is called {name!r} in {results_root()}", f"the newest runs: {known}")


def list_runs() -> list[Path]:
    """Every results folder, by when the run began; none where there is no folder of them yet."""
    root = results_root()
    try:
        folders = [root / name for name in os.listdir(root)]
    except FileNotFoundError:
        return []
    except OSError as error:
        hint = "name another folder: SERVEOFF_RESULTS=FOLDER"
        raise ResultsFailure(f"cannot read {root}: {error.strerror}", hint) from None
    runs = [folder for folder in folders if os.path.exists(folder / SUITE_NAME)]
    return sorted(runs, key=lambda run: (began(run), run.name))


def _resolve(plan: Plan, runtime: Runtime) -> tuple[Plan, dict[str, str]]:
    """The plan with each deployment as this runtime will truly start it, and a note for each stand-in."""
    resolved, notes = [], {}
    for deployment, endpoints in plan.deployments:
        real, note = runtime.resolve(deployment)
        notes[real.name] = note
        resolved.append((real, tuple(replace(endpoint, deployment=real) for endpoint in endpoints)))
    return replace(plan, deployments=tuple(resolved)), notes


def _missing(manifest: Manifest | None, deployment: Deployment) -> Problem | None:
    """Why nothing of its format can be served; neither the null service nor what already runs needs an artifact."""
    if manifest is None or deployment.attached or deployment.format == NULL_FORMAT:
        return None
    return missing(manifest, deployment.format)


def _not_asked(deployment: Deployment, manifest: Manifest | None, settings: RunSettings) -> Problem | None:
    """Why a deployment is not measured."""
    in_time = settings.minutes is None or settings.minutes >= SHORTEST_DEFAULT
    short = settings.profile == "quick" and not in_time and not settings.endpoints
    return spared(deployment) if short and deployment.server == STAND_IN_SERVER else _missing(manifest, deployment)


def _describe(run: Run, everything: Plan, notes: Mapping[str, str], manifest: Manifest | None) -> None:
    """Make a record for every endpoint before anything is measured, so that a partial report lists them all.

    Also for those that are not asked; of their variants there is nothing to say.
    """
    for endpoint in everything.endpoints:
        problem = _not_asked(endpoint.deployment, manifest, run.settings)
        if problem and endpoint.deployment.variant:
            continue
        result = run.result(endpoint)
        result.unavailable = problem
        one_row = ONE_ROW if manifest and manifest.spec.one_row else ""
        result.note = "; ".join(filter(None, (notes.get(endpoint.deployment.name), one_row)))
        if manifest is None or endpoint.deployment.attached:
            continue
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


def _load(folder: Path) -> Suite:
    try:
        return load_suite(folder)
    except ResultsError as error:
        raise ResultsFailure(str(error)) from None


def _manifest(model: str) -> Manifest:
    try:
        return read_manifest(model_dir(model))
    except ArtifactError as error:
        raise ArtifactFailure(error.text, error.remedy) from None

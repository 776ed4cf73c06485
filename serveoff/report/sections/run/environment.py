"""Where it was measured: the machine, the model, the versions, the containers, what servers had."""

from pathlib import Path

from serveoff.analyse.comparison import Comparison
from serveoff.report.phrases.numbers import megabytes, significant
from serveoff.report.phrases.runtimes import runtime
from serveoff.report.section import Fact, Section
from serveoff.report.sections.run import attached
from serveoff.report.sections.run.containers import containers
from serveoff.report.sections.run.devices import accelerators, devices
from serveoff.report.sections.run.resource_audit import resources_seen


def section(comparison: Comparison) -> Section:
    """The facts, then a table for containers and one for what was seen inside servers."""
    parts = (
        Section("containers", "Containers", table=containers(comparison)),
        Section("inside-servers", "Resources as seen inside each server", table=resources_seen(comparison)),
    )
    return Section(
        "environment",
        "Environment",
        facts=tuple(environment(comparison)),
        parts=tuple(part for part in parts if part.table and part.table.rows),
    )


def environment(comparison: Comparison) -> list[Fact]:
    """The machine, the model, the versions and the code."""
    suite, machine = comparison.suite, comparison.suite.environment.machine
    commit, changed = suite.environment.git_commit, ", with uncommitted changes" if suite.environment.git_dirty else ""
    return [
        Fact(
            "Machine",
            f"{machine.id}: {machine.cpu_model}, {machine.cores_said}, "
            f"{megabytes(machine.memory_bytes)} MB, {machine.system}",
        ),
        *_computed(comparison),
        *attached.endpoints(comparison),
        Fact("Runtime", f"{runtime(comparison)}; profile {suite.settings.profile}; seed {suite.settings.seed}"),
        Fact(
            "Run",
            f"{suite.run_id}: {suite.started_at} to {suite.finished_at or 'not finished'}"
            + (f", {significant(suite.wall_s)} s" if suite.wall_s else ""),
        ),
        *([Fact("Code", f"{commit[:12]}{changed}")] if commit else []),
        Fact("Versions", ", ".join(f"{name} {version}" for name, version in suite.versions.items())),
    ]


def _computed(comparison: Comparison) -> list[Fact]:
    """The model and what it computed on; of attached endpoints only what they were sent is known."""
    if comparison.attached.only:
        settings = comparison.suite.settings
        return [Fact("Samples", Path(settings.samples).name or f"the golden inputs of {settings.model}")]
    return [
        Fact("Accelerators", accelerators(comparison)),
        Fact("Devices", devices(comparison)),
        Fact("Model", _model(comparison)),
    ]


def _model(comparison: Comparison) -> str:
    suite = comparison.suite
    said = [suite.settings.model]
    if suite.model_parameters is not None:
        said.append(f"{suite.model_parameters:,} parameters")
    if suite.model_quality:
        said.append(suite.model_quality)
    elif suite.model_accuracy is not None:
        said.append(f"{suite.model_accuracy:.1%} of held-out inputs right")
    if suite.model_source not in ("", "zoo"):
        said.append(f"imported from {suite.model_source}")
    return ", ".join(said)

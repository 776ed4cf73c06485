"""Check every artifact of a model against its golden answers, each in a fresh process."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from serveoff.models.agreement import Agreement
from serveoff.models.golden import GOLDEN_NAME
from serveoff.models.jobs import JobFailed, Jobs
from serveoff.models.manifest import ZOO, ArtifactError, Manifest, is_there, read_manifest, verify_artifact

OnChecked = Callable[[str, Agreement | None], None]
"""Told the format and its agreement, or None for an artifact that could not be asked."""


def verify_model(
    model_dir: Path, formats: Sequence[str] = (), on_checked: OnChecked = lambda format, agreement: None
) -> dict[str, Agreement]:
    """Check the artifacts in a model's folder (all that its manifest names, or some) and return how they agree.

    Raises ArtifactError, naming every artifact that was altered, cannot be loaded or answers otherwise than the
    network that was trained or imported, and the input on which it is worst; all are checked before it is raised.
    """
    manifest = read_manifest(model_dir)
    if not is_there(model_dir / GOLDEN_NAME, manifest.golden_sha256, manifest):
        raise ArtifactError(f"artifact {model_dir / GOLDEN_NAME} is missing", manifest.remedy)
    agreements: dict[str, Agreement] = {}
    problems: list[ArtifactError] = []

    def check(format: str) -> None:
        agreement = None
        try:
            folder = model_dir / verify_artifact(model_dir, format).path
            asked = format, str(folder), manifest.spec.model_dump_json(), str(model_dir)
            agreement = Agreement(**run_job(jobs, "check", manifest.model, *asked)["agreement"])
            agreements[format] = agreement
            if not agreement.ok:
                problems.append(ArtifactError(disagreement(manifest, format, agreement), manifest.remedy))
        except ArtifactError as error:
            problems.append(error)
        on_checked(format, agreement)

    jobs = Jobs(timeout_s=None)
    for_each(formats or tuple(manifest.artifacts), check, jobs)
    if problems:
        remedy = next((problem.remedy for problem in problems if problem.remedy), "")
        raise ArtifactError("\n".join(problem.text for problem in problems), remedy)
    return agreements


def disagreement(manifest: Manifest, format: str, agreement: Agreement) -> str:
    """What is wrong with an artifact that answers otherwise."""
    cause = agreement.problem or (
        f"golden input {agreement.worst_input} is worst, with {agreement.found}; "
        f"the most probable class agrees on {agreement.top1:.1%} of the inputs"
    )
    origin = "trained network" if manifest.source == ZOO else "imported model"
    return f"artifact {manifest.model}/{format} does not answer as the {origin} did: {cause}"


def run_job(jobs: Jobs, job: str, model: str, format: str, *arguments: str) -> dict[str, Any]:
    """The result of a job on one artifact; ArtifactError with the reason where it fails."""
    try:
        return jobs.run(job, format, *arguments, by=format)
    except JobFailed as error:
        raise ArtifactError(f"{job} of the {format} artifact of {model} failed: {error.reason}") from None


def for_each(formats: Sequence[str], job: Callable[[str], None], jobs: Jobs) -> None:
    """Do this for every format, one per core at a time; Ctrl-C ends the jobs that still run."""
    with ThreadPoolExecutor(max_workers=max(1, min(len(formats), os.cpu_count() or 1))) as pool:
        futures = [pool.submit(job, format) for format in formats]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            jobs.close()
            raise

"""`serveoff run --model a,b,c` and `--model all`: one run and one report per model, then the summary of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console

from serveoff.analyse.across_models.summary import Absent
from serveoff.analyse.comparison import Comparison
from serveoff.analyse.race import look
from serveoff.cli import answer
from serveoff.cli.summary import write
from serveoff.errors import NotWritten, ServeoffError
from serveoff.interrupts import shielded
from serveoff.measure import run_lifecycle
from serveoff.models.manifest import ArtifactError, read_manifest
from serveoff.models.spec import model_dir
from serveoff.record.settings import RunSettings
from serveoff.record.suite import load_suite
from serveoff.report.write import write_report

NOT_BEGUN: Final = "not started: interrupted"


@dataclass
class Campaign:
    """How far several runs have come. `folders` and `problems` are by model, the latter of those that have a folder."""

    console: Console
    folders: dict[str, Path] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    """Why models have no run."""
    comparisons: dict[str, Comparison] = field(default_factory=dict)
    """Of the runs that have a report."""
    valid: bool = False
    """At least one run has a VALID point."""
    interrupted: bool = False
    unwritten: bool = False
    """A run or a report could not be written."""


def run_all(runs: Sequence[RunSettings], cheap_first: bool, console: Console, out: Console) -> Campaign:
    """Prepare, measure and report each model in turn, write the summary, and print each answer to `out`.

    A model that fails is a row of the summary, and the others go on; an interrupt ends all and keeps what was measured.
    With `cheap_first` the models of fewest parameters come first, else they come as they are given.
    """
    for settings in runs:
        run_lifecycle.check(settings)
    campaign = Campaign(console)
    try:
        ready = [settings for settings in runs if _prepared(campaign, settings)]
        _measure(campaign, sorted(ready, key=_size) if cheap_first else ready)
    except KeyboardInterrupt:
        _interrupted(campaign, [settings.model for settings in runs])
    for model, comparison in campaign.comparisons.items():
        out.print(f"\n{model}", style="bold", highlight=False)
        answer.show(comparison, out, short=True)
    if campaign.folders:
        absent = [Absent(model=model, reason=reason) for model, reason in campaign.absent.items()]
        folders = list(campaign.folders.values())
        write(folders, True, console, campaign.problems, absent, campaign.interrupted)
    return campaign


def _prepared(campaign: Campaign, settings: RunSettings) -> bool:
    """All are exported before the first is measured: none is then measured on a machine that is warm from training."""
    _say(campaign, f"preparing {settings.model}")
    try:
        run_lifecycle.prepare(settings, campaign.console)
    except ServeoffError as error:
        _failed(campaign, settings.model, error)
        return False
    return True


def _measure(campaign: Campaign, runs: Sequence[RunSettings]) -> None:
    for number, settings in enumerate(runs, start=1):
        _say(campaign, f"model {number} of {len(runs)}: {settings.model}")
        try:
            with shielded():
                folder = campaign.folders[settings.model] = run_lifecycle.begin(settings)
            run_lifecycle.carry_out(folder, campaign.console, look)
        except ServeoffError as error:
            _failed(campaign, settings.model, error)
        _report(campaign, settings.model)


def _report(campaign: Campaign, model: str) -> None:
    """Write the report of a model's run, if it has come to have one."""
    if model not in campaign.folders:
        return
    try:
        written = write_report(campaign.folders[model])
        campaign.valid |= written.valid
        campaign.comparisons[model] = written.comparison
    except ServeoffError as error:
        _failed(campaign, model, error)


def _failed(campaign: Campaign, model: str, error: ServeoffError) -> None:
    """A model that has a folder stays in the summary with what was measured."""
    campaign.unwritten |= isinstance(error, NotWritten)
    campaign.console.print(f"{model} failed: {error}", style="red", highlight=False, markup=False)
    (campaign.problems if model in campaign.folders else campaign.absent)[model] = str(error)


def _interrupted(campaign: Campaign, models: Sequence[str]) -> None:
    """Report the run that was cut short, and name the models that were never begun."""
    campaign.interrupted = True
    campaign.console.print("interrupted; everything measured is kept", style="yellow")
    for model in models:
        if model not in campaign.folders:
            campaign.absent.setdefault(model, NOT_BEGUN)
    for model, folder in list(campaign.folders.items())[-1:]:
        if not load_suite(folder).complete:
            campaign.console.print(f"finish it with: serveoff run --resume {folder.name}", highlight=False)
        _report(campaign, model)


def _size(settings: RunSettings) -> int:
    """Parameters, the one thing known of a model's cost before it is measured."""
    try:
        return read_manifest(model_dir(settings.model)).parameters
    except ArtifactError:
        return 0


def _say(campaign: Campaign, text: str) -> None:
    campaign.console.print(text, style="bold", highlight=False, markup=False)

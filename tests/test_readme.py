"""README and docs/ tell the truth: commands, options, settings and exit codes are those of the code."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
import typer.main

from serveoff.cli.app import app
from serveoff.errors import ExitCode
from serveoff.measure.plan.profiles import PROFILES
from serveoff.services.settings import PREFIX, Settings

REPOSITORY = Path(__file__).parent.parent
README, METHOD, SETTINGS, EXIT_CODES, EXAMPLE = (
    (REPOSITORY / name).read_text()
    for name in ("README.md", "docs/method.md", "docs/settings.md", "docs/exit-codes.md", "docs/example/report.md")
)
MOST_WORDS = 1400
COMMANDS = typer.main.get_command(app).commands


def table_rows(text: str, first_cell: str) -> dict[str, list[str]]:
    """The cells of every table row whose first cell matches, by that cell."""
    rows = re.findall(rf"^\| ({first_cell}) \|(.*)\|$", text, re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in rows}


def test_the_readme_is_short():
    assert len(README.split()) <= MOST_WORDS


def test_the_figures_on_the_first_screen_are_those_of_the_example():
    screen = README.partition("Recommended: ")[2].partition("```")[0]
    figures = set(re.findall(r"\d[\d.,]*(?:–\d[\d.,]*\d)?", screen))
    assert len(figures) >= 6
    assert {figure for figure in figures if figure not in EXAMPLE} == set()
    run_id, machine = re.search(r"run `(\S+)`, machine `(\S+)`", README).groups()
    assert f"run {run_id}, machine {machine}" in EXAMPLE


def test_every_model_of_the_zoo_is_documented():
    assert set(table_rows(METHOD, r"`\w+`")) == {
        f"`{path.parent.name}`" for path in REPOSITORY.glob("models/zoo/*/recipe.py")
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command):
    assert f"serveoff {command}" in README


def test_every_option_of_run_is_documented():
    options = {o for p in COMMANDS["run"].params for o in p.opts if o.startswith("--")}
    assert {o for o in options if f"`{o}`" not in SETTINGS and f"{o} " not in SETTINGS} == set()


def test_every_setting_is_documented_with_its_default():
    documented = {
        name.strip("`"): cells[0].strip("`") for name, cells in table_rows(SETTINGS, r"`SERVING_\w+`").items()
    }
    required = {"model_dir", "format"}
    expected = {
        f"{PREFIX}{f.name.upper()}": "(required)" if f.name in required else str(f.default) or "(none)"
        for f in fields(Settings)
    }
    assert documented == expected


def test_every_exit_code_is_documented():
    assert {int(code) for code in table_rows(EXIT_CODES, r"\d+")} == {int(code) for code in ExitCode}


def test_profiles_are_documented_with_their_minutes_and_starts():
    documented = table_rows(SETTINGS, r"`(?:quick|default|full)`")
    assert set(documented) == {f"`{name}`" for name in PROFILES}
    for name, profile in PROFILES.items():
        minutes, starts, concurrency, _ = documented[f"`{name}`"]
        assert float(minutes) == profile.minutes
        assert int(starts.partition(",")[0]) == profile.starts
        assert not profile.race or f"up to {profile.race_starts} of those in the race" in starts
        assert concurrency == ", ".join(map(str, profile.concurrencies))

"""docs/canary.yml is a GitHub Actions workflow, and what it runs is what serveoff takes and writes."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
import yaml

from serveoff.cli.app import app
from serveoff.report.canary_markdown import NAME
from tests.test_documents import TARGETS

WORKFLOW = Path(__file__).parent.parent / "docs" / "canary.yml"
SCHEMAS = ("vendor.github-workflows", "custom.github-workflows-require-timeout")


@pytest.fixture(scope="module")
def steps():
    return yaml.safe_load(WORKFLOW.read_text())["jobs"]["compare"]["steps"]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_it_is_a_workflow(schema):
    command = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", schema, str(WORKFLOW)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_commands_are_shell(steps):
    for step in steps:
        done = subprocess.run(["bash", "-n", "-c", step.get("run", "")], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_serveoff_takes_its_options(steps):
    (line,) = (step["run"] for step in steps if step.get("name") == "Compare")
    words = shlex.split(line)
    taken = {option for p in typer.main.get_command(app).commands["run"].params for option in p.opts}
    options = [word for word in words if word.startswith("-")]
    assert words[:2] == ["serveoff/.venv/bin/serveoff", "run"]
    assert "--fail-if-slower" in options
    assert set(options) - taken == set()


def test_it_shows_the_file_that_is_written_and_runs_a_target_there_is(steps):
    said = "\n".join(step.get("run", "") for step in steps)
    assert set(re.findall(r"reports/\*/(\S+)", said)) == {NAME}
    assert set(re.findall(r"make -C serveoff (\S+)", said)) <= TARGETS


def test_nothing_that_a_user_wrote_is_pasted_into_a_command(steps):
    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []

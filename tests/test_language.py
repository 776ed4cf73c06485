"""No banned phrase stands in our documents and in the help of our commands."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from serveoff.cli.app import app
from tests.language import BANNED, stumbles

REPOSITORY = Path(__file__).parent.parent
HISTORY = "CHANGELOG.md"
DOCUMENTS = [path for path in (*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")) if path.name != HISTORY]
COMMANDS = ["", *typer.main.get_command(app).commands]
FOLDERS = ("serveoff", "models", "services", "loadtests", "benchmarks")
BENCHMARKS = ("aa", "sensitivity", "bench_client", "bench_service", "bench_batching")


def test_the_list_finds_what_it_is_for():
    assert stumbles("three more cannot be told apart from it")
    assert stumbles("0.0045 times, among 1 endpoints")
    assert not stumbles("221 times slower; 1 endpoint; 11 endpoints; 10.05 times")
    assert len(set(BANNED)) == len(BANNED)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_hold_no_banned_phrase(document):
    assert stumbles(document.read_text()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_holds_no_banned_phrase(command):
    said = CliRunner().invoke(app, [*([command] if command else []), "--help"], env={"COLUMNS": "200"})
    assert said.exit_code == 0
    assert stumbles(said.output) == []


@pytest.mark.parametrize("name", BENCHMARKS)
def test_help_of_benchmarks_holds_no_banned_phrase(name):
    ran = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", "--help"], capture_output=True, cwd=REPOSITORY)
    assert ran.returncode == 0, ran.stderr.decode()
    assert stumbles(ran.stdout.decode()) == []


def test_help_of_make_holds_no_banned_phrase():
    told = re.findall(r"## (.+)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert len(told) > 20
    assert [found for line in told for found in stumbles(line)] == []


def test_what_code_says_holds_no_banned_phrase():
    """Errors, findings and advice that no test has a run for: string constants with a space in them."""
    templates = [(path, path.read_text()) for path in (REPOSITORY / "serveoff" / "report").rglob("*.j2")]
    found = {f"{path.name}: {said}" for path, text in (*constants(), *templates) for said in stumbles(text)}
    assert found == set()


def constants() -> list[tuple[Path, str]]:
    """Every text of several words in our code that is no docstring."""
    sources = [path for folder in FOLDERS for path in sorted((REPOSITORY / folder).rglob("*.py"))]
    ours = [path for path in sources if not any(part.is_symlink() for part in (path, *path.parents))]
    return [(path, text) for path in ours for text in texts(ast.parse(path.read_text()))]


def texts(tree: ast.Module) -> list[str]:
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    words = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in said)
    return [node.value for node in words if isinstance(node.value, str) and " " in node.value]

"""The dependency rules of the design: who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
FRAMEWORKS = {"torch", "tensorflow", "keras", "tensorflow_serving", "sklearn", "ts", "onnx", "jax"}


def imported_by(package: str) -> dict[str, set[str]]:
    """Module path to the top-level names it imports, however deep in the file the import stands."""
    found = {}
    for path in sorted((REPOSITORY / package).rglob("*.py")):
        names: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add((node.module or "").split(".")[0])
        found[path.relative_to(REPOSITORY).as_posix()] = names
    assert found, f"no modules in {package}"
    return found


@pytest.mark.parametrize("package", ["loadtests", "comparison"])
def test_load_and_comparison_import_no_framework(package):
    offenders = {path: names & FRAMEWORKS for path, names in imported_by(package).items() if names & FRAMEWORKS}
    assert offenders == {}


@pytest.mark.parametrize("package", ["models", "services"])
def test_models_and_services_know_nothing_of_load_and_comparison(package):
    forbidden = {"loadtests", "comparison"}
    offenders = {path: names & forbidden for path, names in imported_by(package).items() if names & forbidden}
    assert offenders == {}


def test_models_does_not_know_services():
    assert {path for path, names in imported_by("models").items() if "services" in names} == set()


def test_importing_the_command_line_loads_no_framework():
    code = (
        "import sys, serveoff.cli.app, serveoff.measure.runner, serveoff.report.write\n"
        "import serveoff.measure.serve_forever, serveoff.measure.agreement_gate\n"
        f"print(sorted({FRAMEWORKS!r} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert result.stdout.strip() == "[]"


def test_the_runner_starts_locust_as_a_subprocess():
    assert {path for path, names in imported_by("comparison").items() if "locust" in names} == set()

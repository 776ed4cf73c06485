"""The rules of the house: who may import whom, how large a folder, a file and a function may be."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
FRAMEWORKS = {"torch", "tensorflow", "keras", "tensorflow_serving", "sklearn", "ts", "onnx", "jax"}
STAGES = ("models", "services", "loadtests", "serveoff")
MAY_IMPORT = {
    "record": set(),
    "measure": {"record"},
    "analyse": {"record"},
    "report": {"record", "analyse"},
    "manifests": {"measure"},
    "cli": {"record", "measure", "analyse", "report", "manifests"},
}
"""Folders of serveoff/ to the folders beside them that they may import."""
LOOSE = {"__init__", "__main__", "errors", "interrupts"}
MOST_FILES, MOST_LINES, MOST_LINES_OF_A_FUNCTION = 20, 350, 60


def sources() -> list[Path]:
    """Every Python file of ours but tests and benchmarks, once: links are not followed."""
    return [path for stage in STAGES for path in sorted((REPOSITORY / stage).rglob("*.py")) if not in_link(path)]


def in_link(path: Path) -> bool:
    return any(parent.is_symlink() for parent in path.parents)


def module_of(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts if parts[0] == "serveoff" else ("serveoff", *parts))


@cache
def modules() -> dict[str, Path]:
    found = {module_of(path): path for path in sources()}
    assert len(found) > 300
    return found


@cache
def imports_of(path: Path, top_only: bool = False) -> frozenset[str]:
    """The modules that a file imports, wherever in it; with `top_only` those imported when it is."""
    tree = ast.parse(path.read_text())
    later = {node for f in functions(tree) for node in ast.walk(f)} if top_only else set()
    later |= {n for node in ast.walk(tree) if type_checking(node) for n in ast.walk(node)} if top_only else set()
    names = set()
    for node in ast.walk(tree):
        if node in later:
            continue
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(names)


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def ours(name: str) -> str | None:
    """The module of ours that an imported name is, or is in."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name or None


@cache
def arrows(top_only: bool = False) -> dict[str, frozenset[str]]:
    """Module to the modules of ours that it imports; a package's `__init__` is not counted for what lies in it."""
    found = {}
    for module, path in modules().items():
        targets = {ours(name) for name in imports_of(path, top_only)} - {None, module, "serveoff"}
        found[module] = frozenset(target for target in targets if target)
    return found


def stage_of(module: str) -> str:
    """`models`, `services`, `loadtests`, or a folder of serveoff."""
    return ([*module.split("."), ""])[1]


def offenders(stages: set[str], forbidden: set[str]) -> set[tuple[str, str]]:
    return {
        (module, target)
        for module, targets in arrows().items()
        for target in targets
        if stage_of(module) in stages and stage_of(target) in forbidden
    }


@pytest.mark.parametrize("folder", ["loadtests", *MAY_IMPORT])
def test_load_and_serveoff_import_no_framework(folder):
    found = {
        (module, name)
        for module, path in modules().items()
        if stage_of(module) == folder
        for name in imports_of(path)
        if name.split(".")[0] in FRAMEWORKS
    }
    assert found == set()


def test_models_and_services_know_nothing_of_load_and_serveoff():
    assert offenders({"models", "services"}, {"loadtests", *MAY_IMPORT}) == set()


def test_models_does_not_know_services():
    assert offenders({"models"}, {"services"}) == set()


def test_loadtests_does_not_know_serveoff():
    assert offenders({"loadtests"}, set(MAY_IMPORT)) == set()


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_inside_serveoff_arrows_run_one_way(folder):
    assert offenders({folder}, set(MAY_IMPORT) - MAY_IMPORT[folder] - {folder}) == set()


def test_the_record_imports_nothing_of_ours_but_the_loads_and_how_rows_are_written():
    """A run's folder is written by the load generator, too, which cannot import serveoff: what both need is its own."""
    found = {(m, t) for m, targets in arrows().items() if stage_of(m) == "record" for t in targets}
    shared = ("serveoff.loadtests.loads", "serveoff.loadtests.problems", "serveoff.loadtests.recording")
    assert {(m, t) for m, t in found if stage_of(t) != "record" and not t.startswith(shared)} == set()


def test_no_file_is_in_an_import_circle():
    circles = [group for group in strongly_connected(arrows()) if len(group) > 1]
    assert circles == []


def test_nothing_lies_loose_in_serveoff():
    loose = {path.stem for path in (REPOSITORY / "serveoff").glob("*.py")}
    assert loose - LOOSE == set()
    links = {path.name for path in (REPOSITORY / "serveoff").iterdir() if path.is_symlink()}
    assert links == {"models", "services", "loadtests"}


def test_no_folder_holds_too_many_files():
    folders = {path.parent for stage in STAGES for path in (REPOSITORY / stage).rglob("*") if not in_link(path)}
    counts = {
        folder.relative_to(REPOSITORY).as_posix(): sum(f.is_file() for f in folder.iterdir())
        for folder in folders
        if folder.name != "__pycache__"
    }
    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


def test_no_module_is_too_long():
    lines = {module: len(path.read_text().splitlines()) for module, path in modules().items()}
    assert {module: count for module, count in lines.items() if count > MOST_LINES} == {}


def test_no_function_is_too_long():
    long = {
        f"{module}.{f.name}": f.end_lineno - f.lineno + 1
        for module, path in modules().items()
        for f in functions(ast.parse(path.read_text()))
        if f.end_lineno - f.lineno >= MOST_LINES_OF_A_FUNCTION
    }
    assert long == {}


def test_importing_the_command_line_loads_no_framework():
    code = (
        "import sys, serveoff.cli.app, serveoff.measure.runner, serveoff.report.write\n"
        "import serveoff.measure.serve_forever, serveoff.measure.agreement_gate\n"
        f"print(sorted({FRAMEWORKS!r} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert result.stdout.strip() == "[]"


def test_the_runner_starts_locust_as_a_subprocess():
    found = {m for m, path in modules().items() if stage_of(m) in MAY_IMPORT for n in imports_of(path) if n == "locust"}
    assert found == set()


def strongly_connected(graph: dict[str, frozenset[str]]) -> list[set[str]]:
    """Tarjan's algorithm (1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[set[str]] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for target in graph[node]:
            if target not in order:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], order[target])
        if low[node] == order[node]:
            group = set(stack[stack.index(node) :])
            del stack[stack.index(node) :]
            groups.append(group)

    for node in graph:
        if node not in order:
            visit(node)
    return groups

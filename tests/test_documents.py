"""What our documents name is there: paths, links, modules and make targets."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
DOCUMENTS = sorted(path.relative_to(REPOSITORY) for path in [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")])
HISTORY = Path("CHANGELOG.md")
"""Names what was there once, too."""
WRITTEN = {"artifacts", "results", "reports", ".venv", ".venv-peers"}
TARGETS = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))

of_today = pytest.mark.parametrize("document", [d for d in DOCUMENTS if d != HISTORY], ids=str)


def text_of(document: Path) -> str:
    return (REPOSITORY / document).read_text()


def paths_named(text: str) -> set[str]:
    """What stands in backticks and begins as one of our folders does: `models/formats/`, `docs/import.md`."""
    folders = {path.name for path in REPOSITORY.iterdir() if path.is_dir() and path.name not in WRITTEN}
    named = re.findall(r"`([\w.-]+/[^`\s]*)`", text)
    return {path for path in named if path.split("/")[0] in folders}


def exists(path: str) -> bool:
    """`models/zoo/<name>/recipe.py` is there where any model has one; `test_x.py::test_y` where its file is."""
    pattern = re.sub(r"<[^>]*>|NAME", "*", path.split("::")[0]).rstrip("/")
    return any(REPOSITORY.glob(pattern))


def test_the_documents_are_found():
    assert {"README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/import.md", "docs/rows.md"} <= {
        str(document) for document in DOCUMENTS
    }


@of_today
def test_every_path_in_backticks_is_there(document):
    assert {path for path in paths_named(text_of(document)) if not exists(path)} == set()


def test_paths_are_found_in_the_text_and_missed_in_the_tree():
    assert "models/formats/" in paths_named(text_of(Path("CONTRIBUTING.md")))
    assert not exists("models/no-such-folder/")


@of_today
def test_every_link_leads_to_a_file(document):
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text_of(document)) if "://" not in link]
    assert [link for link in links if not (REPOSITORY / document.parent / link).exists()] == []


@of_today
def test_every_make_target_is_one(document):
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", text_of(document), re.MULTILINE))
    assert named - TARGETS == set()


def test_every_module_that_is_run_is_there():
    text = "".join(text_of(document) for document in DOCUMENTS if document != HISTORY)
    named = {name.rstrip(".") for name in re.findall(r"python\s(?:-I\s)?-m\s(serveoff[\w.]*)", text)}
    assert "serveoff.report.web" in named
    assert {name for name in named if importlib.util.find_spec(name) is None} == set()


def test_the_newest_release_in_the_changelog_is_the_package_s_version():
    releases = re.findall(r"^## (\S+)", text_of(HISTORY), re.MULTILINE)
    assert releases[0] == "Unreleased"
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert releases[1] == project["version"]


def test_the_tree_in_the_contributors_guide_is_the_tree():
    tree = text_of(Path("CONTRIBUTING.md")).partition("## The tree\n\n```\n")[2].partition("```")[0]
    assert tree
    parent = ""
    named = set()
    for line in tree.splitlines():
        names, child = re.match(r" *((?:\S+/ )+|\S+)", line).group(1).split(), line.startswith(" ")
        parent = parent if child else names[0]
        named |= {f"{parent if child else ''}{name}" for name in names}
    missing = {name for name in named if not (REPOSITORY / name).exists()}
    assert missing - {f"{name}/" for name in WRITTEN} == set()
    assert (packages_in(REPOSITORY) | packages_in(REPOSITORY / "serveoff")) - named == set()


def packages_in(folder: Path) -> set[str]:
    packages = [path.parent for path in folder.glob("*/__init__.py") if not path.parent.is_symlink()]
    return {f"{path.relative_to(REPOSITORY)}/" for path in packages}

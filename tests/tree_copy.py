"""A copy of the tree that a test adds things to, with a Python of its own that finds the copy and not this checkout."""

import os
import shutil
import subprocess
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

from serveoff.models.spec import REPOSITORY

OWN = ("MODEL", "COMPOSE_", "SERVEOFF_", "SERVING_")
"""Beginnings of variables that are not passed on."""


@dataclass(frozen=True)
class Tree:
    """The files that git knows, at `folder`; what runs there runs in `work`, beside it."""

    folder: Path
    work: Path

    def add(self, path: str, text: str) -> None:
        """A new file."""
        file = self.folder / path
        assert not file.exists()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def change(self, path: str, old: str, new: str) -> None:
        """Write one text for another, wherever it stands in a file."""
        text = (self.folder / path).read_text()
        assert old in text
        (self.folder / path).write_text(text.replace(old, new))

    def differs(self) -> set[str]:
        """The files that were added or changed; none was removed."""
        files = [path for path in self.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        names = [path.relative_to(self.folder).as_posix() for path in files]
        return {name for name in names if not same(self.folder / name, REPOSITORY / name)}

    def python(self, *arguments: str, **environ: str) -> str:
        """What its Python prints, isolated from this checkout."""
        command = [str(self.work / "venv/bin/python"), "-I", *arguments]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
        result = subprocess.run(
            command, cwd=self.work, env={**clean, **environ}, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


def copy_tree(folder: Path) -> Tree:
    """Copy the tree into a folder and make its environment, with this one's packages."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    tree = Tree(folder / "tree", folder / "work")
    for name in filter(None, listed.stdout.split("\0")):
        target = tree.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, target, follow_symlinks=False)
    venv.create(tree.work / "venv")
    (site,) = tree.work.glob("venv/lib/python*/site-packages")
    # A folder that a .pth file adds is not searched for .pth files: the editable install of this checkout is not met.
    (site / "copy.pth").write_text(f"{tree.folder}\n{sysconfig.get_path('purelib')}\n")
    return tree


def same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from serveoff.models.manifest import Manifest, read_manifest
from serveoff.models.spec import REPOSITORY
from serveoff.models.staging import locked, staged
from tests.uncompiled import NO_COMPILER

PACKAGES = Path(__file__).parent / "packages"
TIMEOUT_S = 1200


def environ(*, compiled: bool = False, **extra: str) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH", ""))))
    compiler = {} if compiled else NO_COMPILER
    return {**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": "-1", **compiler, **extra}


@pytest.fixture(scope="session")
def tensorflow():
    """Set up as other tests set it up: it computes in this process."""
    from serveoff.models.frameworks.tensorflow_setup import configure

    configure(1, "cpu")


@pytest.fixture(scope="session")
def make(tmp_path_factory):
    """Runs one of make.py's makers, once for all of pytest's processes, and returns the folder that it wrote to."""
    mine = tmp_path_factory.getbasetemp()
    root = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine

    def made(maker: str) -> Path:
        target = root / f"made-{maker}"
        with locked(target):
            if not target.is_dir():
                with staged(target) as folder:
                    write(maker, folder)
        return target

    def write(maker: str, folder: Path) -> None:
        path = os.pathsep.join((str(REPOSITORY), str(PACKAGES)))
        command = [sys.executable, "-m", "tests.models.importing.make", maker, str(folder)]
        done = subprocess.run(command, env=environ(PYTHONPATH=path), cwd=REPOSITORY, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    return made


@dataclass
class Import:
    """What one `serveoff import` did."""

    code: int
    output: str
    errors: str
    artifacts: Path
    name: str

    @property
    def manifest(self) -> Manifest:
        return read_manifest(self.artifacts / self.name)

    @property
    def folders(self) -> list[str]:
        """What lies there, but for what the frameworks said."""
        return sorted(path.name for path in self.artifacts.iterdir() if path.is_dir() and path.name != ".logs")


@pytest.fixture
def bring(tmp_path, request):
    """Imports a model as a user does, from a folder that has the user's packages; nothing must be left beside it.

    Exported programs are compiled in long tests.
    """
    long = request.node.get_closest_marker("long") is not None

    def run(model, *flags: str, name: str = "mine", timeout: float = TIMEOUT_S) -> Import:
        command = [sys.executable, "-m", "serveoff", "import", str(model), "--name", name, *flags]
        env = environ(compiled=long, SERVEOFF_ARTIFACTS=str(tmp_path / "artifacts"), COLUMNS="200")
        done = subprocess.run(command, env=env, cwd=PACKAGES, capture_output=True, text=True, timeout=timeout)
        assert "Traceback" not in done.stderr + done.stdout
        (tmp_path / "artifacts").mkdir(exist_ok=True)
        brought = Import(done.returncode, done.stdout, done.stderr, tmp_path / "artifacts", name)
        assert [folder for folder in brought.folders if folder.startswith(".")] == []
        return brought

    return run

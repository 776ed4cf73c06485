"""The code that a user's factory is made of: where it lies, and a copy of it."""

import importlib.util
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Self

from serveoff.models.loading import user_modules
from serveoff.models.loading.user_modules import UserModules

PYTHON = (".py", ".pyc")
INSTALLED = tuple(Path(sysconfig.get_path(kind)).resolve() for kind in ("purelib", "platlib", "stdlib"))


def modules_of(factory: str, search: Iterable[str]) -> UserModules:
    """The modules where a user's factory is looked for, and beside it where it is a package in development.

    Such a package (`pip install --editable`) is importable, but not on a machine that has only the artifact.
    """
    user_modules.see_libraries()
    roots = list(search)
    top = factory.partition(":")[0].partition(".")[0]
    spec = importlib.util.find_spec(top) if top and not user_modules.below(*roots).has(top) else None
    places = map(Path, (spec.submodule_search_locations or [spec.origin or ""]) if spec is not None else [])
    roots += [str(place.parent) for place in places if place.exists() and not _is_installed(place)]
    return user_modules.below(*roots)


class OpenedFiles:
    """Remembers the files that are opened for reading while it is entered; for a process that ends with its job.

    An audit hook is for life, and there is one, however often it is entered.
    """

    def __init__(self) -> None:
        self.paths = set[Path]()
        self._entered = False
        sys.addaudithook(self._hear)

    def __enter__(self) -> Self:
        self._entered = True
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._entered = False

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and self._entered:
            path, _, flags = arguments
            if isinstance(path, (str, os.PathLike)) and isinstance(flags, int) and not flags & os.O_ACCMODE:
                self.paths.add(Path(os.path.abspath(path)))


def copy(modules: UserModules, opened: Iterable[Path], target: Path) -> None:
    """Copy the sources of all packages and modules that were imported, and the data files of theirs that were opened.

    Each lies from `target` as it lies from its root; nothing is made where nothing was imported.
    """
    loaded = modules.loaded()
    if not loaded:
        return
    packages = {
        Path(name): module.__path__
        for name, module in loaded.items()
        if "." not in name and hasattr(module, "__path__")
    }
    copies = {_place(name, module): Path(module.__file__) for name, module in loaded.items() if module.__file__}
    bases: list[tuple[Path, Path]] = []
    for name, folders in packages.items():
        for folder in map(Path, folders):
            copies |= {name / file.relative_to(folder): file for file in folder.rglob("*.py") if file.is_file()}
            bases += [(folder, name), (folder.resolve(), name)]
    bases += [(path, Path()) for root in modules.roots for path in (root, root.resolve())]
    copies |= {place: file for file in opened if _is_data(file) and (place := _below(file, bases)) is not None}
    for place, file in copies.items():
        (target / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target / place)


def _place(name: str, module: ModuleType) -> Path:
    path = Path(*name.split("."))
    return (path if hasattr(module, "__path__") else path.parent) / Path(str(module.__file__)).name


def _is_data(file: Path) -> bool:
    return file.suffix not in PYTHON and file.is_file() and not _is_installed(file)


def _below(file: Path, bases: Iterable[tuple[Path, Path]]) -> Path | None:
    """Where a file lies; not what is hidden, such as a cache below the user's home."""
    for folder, name in bases:
        if file.is_relative_to(folder):
            path = name / file.relative_to(folder)
            return None if any(part.startswith(".") for part in path.parts) else path
    return None


def _is_installed(path: Path) -> bool:
    places = [*INSTALLED, *(Path(root).resolve() for root in sys.path if user_modules.holds_distributions(root))]
    return any(path.resolve().is_relative_to(place) for place in places)

"""A user's modules in a namespace of their own: no name of theirs is taken for ours or a library's, nor the reverse.

`models/net.py` below a root becomes `user_modules_1.models.net`, with its real `__file__`, so that data files beside it
are found. What its code imports, by `import` or `importlib.import_module`, is looked for below the roots first. By its
plain name, as a pickle or the settings of a library have it, a module is found where nobody else has one of that name;
else `sys.modules` has none of it so. torch.package renames in the same way, but out of an archive, where a
`__file__` is no path and code that opens a file beside itself fails.
"""

import builtins
import importlib
import importlib.resources
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

OURS = __name__.partition(".")[0]
_numbers = count(1)
TAKE_NAMES: Mapping[ModuleType, Sequence[str]] = {
    importlib: (),
    importlib.resources: ("files", "open_text", "open_binary", "read_text", "read_binary", "path"),
    pkgutil: ("get_data",),
}
"""Python's own modules to functions of theirs whose first argument may be the name of a user's package."""


class UserModules:
    """Finds and imports the modules below some roots, searched in order; libraries are those that all of us share."""

    def __init__(self, roots: Sequence[str]) -> None:
        self.prefix = f"user_modules_{next(_numbers)}."
        self._root = ModuleType(self.prefix.rstrip("."))
        self.roots = tuple(Path(os.path.abspath(root)) for root in roots)
        self._root.__path__ = list(map(str, self.roots))
        self._seen = {module: _Seen(module, takes, self._own) for module, takes in TAKE_NAMES.items()}
        self._seen[importlib].import_module = self.import_module  # type: ignore[attr-defined]
        self._seen[importlib].resources = self._seen[importlib.resources]  # type: ignore[attr-defined]
        self._builtins = {**vars(builtins), "__import__": self._import}
        self._known: dict[str, bool] = {}
        sys.modules[self._root.__name__] = self._root
        sys.meta_path.insert(0, self)
        sys.meta_path.insert(1, _Lending(self))
        sys.meta_path.sort(key=lambda finder: isinstance(finder, _Lending))  # the newest first, behind all others

    def import_module(self, name: str, package: str | None = None) -> ModuleType:
        """importlib.import_module, as the user's code sees it."""
        return importlib.import_module(self._own(name), package)

    def has(self, name: str) -> bool:
        """Whether a top-level name is the user's; a mere folder, without `__init__.py`, gives way to a library."""
        if name not in self._known:
            self._known[name] = False  # for who asks meanwhile: libraries are looked for by all finders
            spec = self.find_spec(f"{self.prefix}{name}", self._root.__path__)
            found = spec is not None and (spec.origin is not None or not _is_library(name))
            self._known[name] = found and name not in sys.builtin_module_names
        return self._known[name]

    def loaded(self) -> dict[str, ModuleType]:
        """Those that were imported, by the user's names."""
        return {
            name.removeprefix(self.prefix): module
            for name, module in list(sys.modules.items())
            if name.startswith(self.prefix)
        }

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """For Python's import: what is below our prefix, by that or by a plain name that was lent."""
        if not name.startswith(self.prefix):
            parent = getattr(sys.modules.get(name.rpartition(".")[0]), "__name__", "")
            return self.lent(name, path) if str(parent).startswith(self.prefix) else None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(name, spec.loader.path, self._builtins)
        return spec

    def lent(self, name: str, path: Sequence[str] | None) -> ModuleSpec | None:
        """A module, by its plain name: what comes of it is the one that has our prefix."""
        found = self.find_spec(f"{self.prefix}{name}", self._root.__path__ if path is None else path)
        if found is None:
            return None
        spec = ModuleSpec(name, _Lent(found.name), origin=found.origin)
        spec.submodule_search_locations = found.submodule_search_locations
        return spec

    def _own(self, name: str) -> str:
        return f"{self.prefix}{name}" if self.has(name.partition(".")[0]) else name

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        """`__import__`, as the user's code sees it: `import a.b` gives `a`.

        Code in C, as that of pickle, passes an empty list, and then takes the plain name from `sys.modules`.
        """
        own = name if level or fromlist == [] else self._own(name)
        found = builtins.__import__(own, globals, locals, fromlist, level)
        if own != name and not fromlist:
            return sys.modules[self._own(name.partition(".")[0])]
        return self._seen.get(found, found)


class _Lending:
    """Gives a user's modules by their plain names, to whoever imports one that nobody else has."""

    def __init__(self, modules: UserModules) -> None:
        self._modules = modules

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """For Python's import: a top-level module; a mere folder only if there is code in it."""
        spec = self._modules.lent(name, path) if path is None and self._modules.has(name) else None
        return spec if spec is not None and (spec.origin is not None or _holds_code(spec)) else None


class _Lent(Loader):
    """Gives a module that is there by another name, as it is."""

    def __init__(self, own: str) -> None:
        self._own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._own)
        self._spec = getattr(module, "__spec__", None)
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # which the import has replaced


class _Loader(SourceFileLoader):
    """Gives a module the user's `__import__`; writes no bytecode, for an artifact stays the files that were hashed."""

    def __init__(self, name: str, path: str, names: Mapping[str, object]) -> None:
        super().__init__(name, path)
        self._names = names

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = self._names
        super().exec_module(module)

    def set_data(self, path: str, data: object, *, _mode: int = 0o666) -> None:
        pass


class _Seen(ModuleType):
    """A module of Python's own as the user's code sees it: functions of it that take a package know the user's."""

    def __init__(self, module: ModuleType, takes: Sequence[str], own: Callable[[str], str]) -> None:
        super().__init__(module.__name__)
        self._module = module

        def taking(name: str) -> Callable[..., Any]:
            def call(package: Any, *arguments: Any, **named: Any) -> Any:
                return getattr(module, name)(own(package) if isinstance(package, str) else package, *arguments, **named)

            return call

        for name in takes:
            setattr(self, name, taking(name))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


@cache
def below(*roots: str) -> UserModules:
    """The modules below these roots; one object for equal roots, as a module is imported once."""
    return UserModules(roots)


def search_path() -> tuple[str, ...]:
    """Where a user's Python would look first: the working folder and PYTHONPATH, but for `libraries`."""
    return tuple(path for path in (os.getcwd(), *_python_path()) if not holds_distributions(path))


def see_libraries() -> None:
    """Append to sys.path the folders of PYTHONPATH that distributions are installed in: ours come first."""
    sys.path.extend(path for path in _python_path() if holds_distributions(path) and path not in sys.path)


def _python_path() -> list[str]:
    return [os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


def holds_distributions(path: str) -> bool:
    """Whether libraries are installed in a folder, so that what lies there is not the user's code."""
    return any(Path(path).glob("*.dist-info"))


def _is_library(name: str) -> bool:
    """Ours is none to a user's code, nor is another user's."""
    spec = None if name == OURS else importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None and not isinstance(spec.loader, _Lent)


def _holds_code(spec: ModuleSpec) -> bool:
    return any(any(Path(place).glob("*.py")) for place in spec.submodule_search_locations or ())

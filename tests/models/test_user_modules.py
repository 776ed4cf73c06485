"""A project as users lay it out: packages called as ours and as libraries', which import each other in every way."""

import importlib.util
import pickle
import sys
import types

import pytest

from serveoff.models.loading.user_modules import below, search_path, see_libraries

PROJECT = {
    "models/__init__.py": "import importlib\nVALUE = importlib.import_module('models.net').VALUE\n",
    "models/net.py": """
        import json
        from importlib import import_module
        from pathlib import Path

        import models.sub.deep
        import models.sub.deep as deep
        import numpy.linalg
        import serveoff.inner
        import tests.made
        import utils
        from models.sub import deep as again
        from . import sub

        SIZES = json.loads(Path(__file__).with_name("sizes.json").read_text())
        SAME = models.sub.deep is deep is again is sub.deep is import_module("models.sub.deep")
        VALUE = utils.VALUE + serveoff.inner.VALUE + deep.VALUE
        LIBRARY = numpy

        def late():
            import services
            return services
        """,
    "models/sizes.json": "[6, 12]",
    "models/sub/__init__.py": "",
    "models/sub/deep.py": "VALUE = 1\n",
    "numpy/notes.txt": "a folder, no package",
    "serveoff/inner.py": "VALUE = 10\n",
    "services.py": "",
    "tests/__init__.py": "",
    "tests/made.py": "",
    "utils.py": "VALUE = 100\n",
}


@pytest.fixture
def project(tmp_path):
    for name, text in PROJECT.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line.removeprefix(' ' * 8)}\n" for line in text.splitlines()))
    return tmp_path


def test_a_project_s_modules_find_each_other_and_no_one_else_finds_them(project):
    before = {name for name in sys.modules if "." not in name}
    modules = below(str(project))
    net = modules.import_module("models.net")
    assert (net.VALUE, net.SIZES, net.SAME) == (111, [6, 12], True)
    assert net.LIBRARY is sys.modules["numpy"]
    assert net.late().__file__ == str(project / "services.py")
    prefix = modules.prefix.rstrip(".")
    assert {name for name in sys.modules if "." not in name} - before <= {prefix}
    ours = {name: sys.modules[name] for name in ("serveoff", "serveoff.models", "tests")}
    assert not any(str(project) in str(module.__path__) for module in ours.values())
    own = {"models", "models.net", "models.sub", "models.sub.deep", "serveoff", "serveoff.inner", "services", "tests"}
    assert set(modules.loaded()) == {*own, "tests.made", "utils"}


@pytest.mark.parametrize(
    "code",
    [
        "import importlib.resources\nTEXT = importlib.resources.files('data').joinpath('words.txt').read_text()",
        "from importlib import resources\nTEXT = resources.files('data').joinpath('words.txt').read_text()",
        "from importlib.resources import files\nTEXT = (files(__package__) / 'words.txt').read_text()",
        "from importlib.resources import read_text\nimport data\nTEXT = read_text(data, 'words.txt')",
        "import pkgutil\nTEXT = pkgutil.get_data('data', 'words.txt').decode()",
        "import pkgutil\nTEXT = pkgutil.get_data(__name__, 'words.txt').decode()",
        "import importlib.resources as r\nwith r.path('data', 'words.txt') as path: TEXT = path.read_text()",
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_resources_of_a_package_are_found_by_its_name(tmp_path, code):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "__init__.py").write_text(code)
    (tmp_path / "data" / "words.txt").write_text("some words")
    assert below(str(tmp_path)).import_module("data").TEXT == "some words"


def test_equal_roots_share_their_modules_and_others_do_not(project, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "utils.py").write_text("VALUE = 5\n")
    first, second = below(str(project)).import_module("utils"), below(str(other)).import_module("utils")
    assert (first.VALUE, second.VALUE) == (100, 5)
    assert below(str(project)).import_module("utils") is first
    assert "utils" not in sys.modules


def test_the_first_root_that_has_a_name_gives_it(project, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "utils.py").write_text("VALUE = 5\n")
    both = below(str(other), str(project))
    assert both.import_module("utils").VALUE == 5
    assert both.import_module("models.sub.deep").VALUE == 1


def test_what_is_in_no_root_is_a_library_s(project):
    modules = below(str(project))
    assert modules.import_module("types") is types
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        modules.import_module("no_such_package.net")


def test_nothing_is_written_beside_the_sources(project):
    below(str(project)).import_module("models.net")
    assert not list(project.rglob("__pycache__"))


def test_installed_distributions_on_pythonpath_keep_their_names_and_come_last(project, tmp_path_factory, monkeypatch):
    installed = tmp_path_factory.mktemp("installed")
    (installed / "their-1.0.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", f"{installed}:{project}")
    monkeypatch.chdir(project / "models")
    assert search_path() == (str(project / "models"), str(project))
    see_libraries()
    see_libraries()
    assert sys.path[-1] == str(installed)
    assert sys.path.count(str(installed)) == 1


@pytest.fixture
def shop(tmp_path):
    """Modules of names that nobody else has."""
    (tmp_path / "user_shop").mkdir()
    (tmp_path / "user_shop" / "__init__.py").write_text("")
    (tmp_path / "user_shop" / "net.py").write_text("from . import sizes\nclass Net: WIDTH = sizes.WIDTH\n")
    (tmp_path / "user_shop" / "sizes.py").write_text("WIDTH = 8\n")
    (tmp_path / "user_folder").mkdir()
    (tmp_path / "user_folder" / "net.py").write_text("VALUE = 3\n")
    (tmp_path / "user_runs").mkdir()
    (tmp_path / "user_runs" / "log.txt").write_text("no code")
    yield below(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith(("user_shop", "user_folder"))]:
        del sys.modules[name]


def test_who_has_a_name_in_a_string_gets_the_user_s_own_module(shop):
    net = importlib.import_module("user_shop.net")
    assert net is shop.import_module("user_shop.net")
    assert importlib.import_module("user_shop").net is net
    assert net.__name__ == net.__spec__.name == f"{shop.prefix}user_shop.net"
    assert importlib.import_module("user_folder.net").VALUE == 3
    assert set(shop.loaded()) == {"user_shop", "user_shop.net", "user_shop.sizes", "user_folder", "user_folder.net"}


def test_a_pickle_finds_the_user_s_classes_whoever_reads_it(shop):
    stored = b"cuser_shop.net\nNet\n."
    reader = shop.roots[0] / "user_shop" / "reader.py"
    reader.write_text(f"import pickle\nFOUND = pickle.loads({stored!r})\n")
    assert pickle.loads(stored) is shop.import_module("user_shop.net").Net  # noqa: S301
    del sys.modules["user_shop"], sys.modules["user_shop.net"]
    assert shop.import_module("user_shop.reader").FOUND is shop.import_module("user_shop.net").Net


def test_what_is_lent_shadows_nothing(shop, monkeypatch):
    monkeypatch.delitem(sys.modules, "tabnanny", raising=False)
    (shop.roots[0] / "tabnanny.py").write_text("")
    assert shop.import_module("tabnanny").__file__ == str(shop.roots[0] / "tabnanny.py")
    assert not importlib.import_module("tabnanny").__file__.startswith(str(shop.roots[0]))
    assert importlib.util.find_spec("user_runs") is None, "a folder without code is no module"


def test_the_newest_of_two_projects_lends_its_module(shop, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "user_shop.py").write_text("WIDTH = 9\n")
    assert below(str(other)).has("user_shop")
    assert importlib.import_module("user_shop").WIDTH == 9

"""Projects whose packages are called as ours or as a library's: imported, copied, and loaded from the copy alone."""

import importlib
import inspect
import json
import shutil
import sys

import pytest
import torch

from serveoff.models.importing import user_code
from serveoff.models.loading import module_json
from serveoff.models.loading.user_modules import search_path

NAMES = ("models", "services", "serveoff", "tests", "utils")
NET = """
import json
from pathlib import Path

from torch import nn
{imports}
from . import layers
from beside import WIDTH

def make():
    sizes = json.loads(Path(__file__).with_name("sizes.json").read_text())
    json.loads((Path(__file__).parent.parent / "configs" / "of_all.json").read_text())
    return nn.Sequential(layers.dense(sizes["inputs"], WIDTH), nn.ReLU(), layers.dense(WIDTH, 3))
"""


@pytest.fixture(params=["working folder", "PYTHONPATH"])
def project(request, tmp_path, monkeypatch):
    folder, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    if request.param == "PYTHONPATH":
        monkeypatch.setenv("PYTHONPATH", str(folder))
    else:
        monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(elsewhere if request.param == "PYTHONPATH" else folder)
    return folder


def write(project, files):
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)


def adopted(factory, folder):
    """The module of a factory, written as the import writes it."""
    folder.mkdir()
    modules, opened = user_code.modules_of(factory, search_path()), user_code.OpenedFiles()
    with opened:
        module = module_json.made(factory, modules)
    torch.save(module.state_dict(), folder / "model.pt")
    (folder / module_json.FILE).write_text(json.dumps({"factory": factory}))
    user_code.copy(modules, opened.paths, folder / module_json.CODE)
    return module.eval()


def files_of(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", NAMES)
def test_a_package_s_code_and_data_are_the_artifact_s(project, tmp_path, monkeypatch, name):
    others = {f"{other}.py": "" for other in NAMES if other != name}
    package = {
        f"{name}/__init__.py": "",
        f"{name}/layers.py": "from torch.nn import Linear as dense\n",
        f"{name}/net.py": NET.format(imports="".join(f"import {file[:-3]}\n" for file in others)),
    }
    data = {f"{name}/sizes.json": json.dumps({"inputs": 6}), "configs/of_all.json": "{}"}
    needed = {**package, **data, **others, "beside.py": "WIDTH = 8\n"}
    unread = {f"{name}/checkpoint.pt": "gigabytes", "unused.py": "", ".cache/page": "", "weights.pt": ""}
    write(project, {**needed, **unread})
    module, rows = adopted(f"{name}.net:make", tmp_path / "node"), torch.rand(4, 6)
    assert files_of(tmp_path / "node" / "code") == set(needed)
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(project)
    assert torch.equal(module_json.build(tmp_path / "node", "cpu").eval()(rows), module(rows))
    assert files_of(tmp_path / "node" / "code") == set(needed), "loading leaves the artifact as it was hashed"


def test_a_factory_of_one_file(project, tmp_path):
    write(project, {"nets.py": "from torch import nn\n\ndef make():\n    return nn.Linear(6, 3)\n"})
    adopted("nets:make", tmp_path / "node")
    assert files_of(tmp_path / "node" / "code") == {"nets.py"}


def test_a_library_s_factory_needs_no_code(project, tmp_path):
    write(project, {"torch/notes.txt": "a folder that is called as the library"})
    adopted("torch.nn:Identity", tmp_path / "node")
    assert files_of(tmp_path / "node") == {"model.pt", "module.json"}


def test_a_package_in_development_is_copied_though_it_is_importable(project, tmp_path, monkeypatch):
    editable = tmp_path / "checkout"
    write(editable, {"developed/__init__.py": "", "developed/net.py": "from torch.nn import Identity as make\n"})
    monkeypatch.syspath_prepend(str(editable))
    adopted("developed.net:make", tmp_path / "node")
    assert files_of(tmp_path / "node" / "code") == {"developed/__init__.py", "developed/net.py"}


def test_a_library_of_another_environment_that_this_one_sees_is_none_of_the_user_s_code(
    project, tmp_path, tmp_path_factory, monkeypatch
):
    """As with `--system-site-packages`: imported a second time under another name, PyTorch crashes."""
    for name in ("their", "their.net"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    site = tmp_path_factory.mktemp("site")
    (site / "their-1.0.dist-info").mkdir()
    write(site, {"their/__init__.py": "", "their/net.py": "from torch.nn import Identity as make\n"})
    monkeypatch.syspath_prepend(str(site))
    adopted("their.net:make", tmp_path / "node")
    assert files_of(tmp_path / "node") == {"model.pt", "module.json"}


def test_a_network_out_of_a_pickle_finds_its_class_in_the_project_and_in_the_copy(project, tmp_path, monkeypatch):
    code = "import torch\nfrom pathlib import Path\n\nclass Net(torch.nn.Linear): pass\n\ndef make():\n"
    load = "    return torch.load(Path(__file__).with_name('net.pt'), weights_only=False)\n"
    write(project, {"pickled_nets.py": code + load})
    sys.modules.pop("pickled_nets", None)
    with monkeypatch.context() as patched:
        patched.syspath_prepend(str(project))
        torch.save(importlib.import_module("pickled_nets").Net(6, 3), project / "net.pt")
    del sys.modules["pickled_nets"]
    module, rows = adopted("pickled_nets:make", tmp_path / "node"), torch.rand(4, 6)
    assert files_of(tmp_path / "node" / "code") == {"pickled_nets.py", "net.pt"}
    del sys.modules["pickled_nets"]
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(project)
    built = module_json.build(tmp_path / "node", "cpu").eval()
    assert inspect.getfile(type(built)) == str(tmp_path / "node" / "code" / "pickled_nets.py")
    assert torch.equal(built(rows), module(rows))

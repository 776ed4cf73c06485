"""No name of a user's meets ours: what a user's folders hold is run where the user asks for it, and nowhere else.

Each trap is a module or a package that is called as one of ours, or as a library's; it leaves a mark and raises if
anything imports it.
"""

import json
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from serveoff.measure.runtimes.host_client import LOCUSTFILE
from serveoff.measure.runtimes.loopback_ports import free_port
from serveoff.models.isolation import isolated
from serveoff.models.manifest import read_manifest, verify_artifact
from tests.command_line import CommandLine
from tests.uncompiled import NO_COMPILER

NAMES = ("models", "services", "serveoff", "tests", "utils")
PLACES = ("working folder", "PYTHONPATH")
SERVEOFF = Path(sys.executable).with_name("serveoff")
TRAP = "open({mark!r}, 'a').write(__name__ + '\\n')\nraise SystemExit('a user module was run')\n"
NET = """
import json
from pathlib import Path

from torch import nn
from utils import WIDTH

def make():
    sizes = json.loads(Path(__file__).with_name("sizes.json").read_text())
    return nn.Sequential(nn.Linear(sizes["inputs"], WIDTH), nn.ReLU(), nn.Linear(WIDTH, 3))
"""
ASK_IN_TORCH = """
import sys
from pathlib import Path
from serveoff.models import formats
from serveoff.models.golden import read_golden
from serveoff.models.spec import ModelSpec

folder, spec = Path(sys.argv[1]), ModelSpec.model_validate_json(sys.argv[2])
golden = read_golden(folder)
answers = formats.find("torch_eager").load(folder / "torch_eager", spec).predict(golden.inputs)
print(abs(answers["output"] - golden.outputs["output"]).max() < 1e-5)
"""


class Trapped(CommandLine):
    """`serveoff`, the script that is installed, started where the traps are, or with PYTHONPATH on them."""

    where = ""
    place = ""

    def start(self, *arguments):
        return self.begin(str(SERVEOFF), *arguments)

    def begin(self, *command):
        settings = {"PYTHONPATH": self.where} if self.place == "PYTHONPATH" else {}
        working = self.where if self.place == "working folder" else str(self.folder)
        pipe = subprocess.PIPE
        environ = {**self.environ, **settings}
        return subprocess.Popen(
            command, env=environ, cwd=working, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )


@pytest.fixture(params=PLACES)
def trapped(request, tmp_path, cli):
    """Packages in the one place, modules in the other."""
    mark, traps = tmp_path / "mark", tmp_path / "traps"
    for name in NAMES:
        file = traps / (f"{name}.py" if request.param == PLACES[0] else f"{name}/__init__.py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(TRAP.format(mark=str(mark)))
    made = Trapped(cli.folder, cli.artifacts, cli.mark)
    made.where, made.place = str(traps), request.param
    yield made
    assert not mark.exists(), mark.read_text()


@pytest.mark.slow
def test_our_commands_run_our_code(trapped):
    listed = trapped.run("list")
    assert "flask-torchscript-rest" in listed.stdout, listed.stderr
    exported = trapped.run("export")
    assert "digits_cnn" in exported.stdout + exported.stderr
    assert [listed.returncode, exported.returncode] == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("trapped", [PLACES[0], pytest.param(PLACES[1], marks=pytest.mark.long)], indirect=True)
def test_what_was_exported_is_checked_by_our_code(trapped):
    verified = trapped.run("verify")
    said = verified.stdout + verified.stderr
    assert verified.returncode == 0, said
    assert all(format in said for format in ("savedmodel", "frozen_graph", "torchscript", "torch_eager"))


@pytest.mark.slow
def test_a_server_answers_by_our_code(trapped, golden):
    port = free_port()
    process = trapped.start("serve", "flask-torchscript", "--rest-port", str(port))
    trapped.wait_until(lambda: is_ready(port), process)
    body = json.dumps({"instances": golden.inputs["image"][:2].tolist()}).encode()
    url = f"http://127.0.0.1:{port}/v1/models/digits_cnn:predict"
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked) as answer:
        rows = json.load(answer)["predictions"]
    assert len(rows) == 2
    process.terminate()
    process.communicate()


@pytest.mark.slow
def test_locust_by_hand_loads_our_users(trapped):
    process = trapped.begin(*isolated("locust", "-f", str(LOCUSTFILE), "--list"))
    out, err = process.communicate()
    assert (process.returncode, "RestUser" in out) == (0, True), err


@pytest.mark.slow
def test_a_load_worker_loads_our_users(trapped):
    """Locust says that it starts once it has; it then waits for its run."""
    process = trapped.start("load-worker", "--master-port", str(free_port()))
    assert started(process)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["variable", "home", "working folder"])
def test_a_load_worker_takes_no_setting_of_a_user_s_own_load_tests(cli, place):
    """A level of logging that there is not would end it."""
    if place == "variable":
        cli.settings = {"LOCUST_LOGLEVEL": "nonsense"}
    else:
        cli.settings = {"HOME": str(cli.folder)}
        (cli.folder / {"home": ".locust.conf"}.get(place, "locust.conf")).write_text("loglevel = nonsense\n")
    made = Trapped(cli.folder, cli.artifacts, cli.mark, cli.settings)
    assert started(made.start("load-worker", "--master-port", str(free_port())))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "place"), [("models", PLACES[0]), pytest.param("serveoff", PLACES[1], marks=pytest.mark.long)]
)
def test_a_factory_s_package_may_be_called_as_ours(tmp_path, cli, name, place):
    """The artifact answers alone: its code is gone from where it was imported."""
    project = tmp_path / "project"
    (project / name).mkdir(parents=True)
    (project / name / "__init__.py").write_text("")
    (project / name / "net.py").write_text(NET)
    (project / name / "sizes.json").write_text('{"inputs": 6}')
    (project / "utils.py").write_text("WIDTH = 8\n")
    made = Trapped(cli.folder, tmp_path / "artifacts", cli.mark, NO_COMPILER)
    made.where, made.place = str(project), place
    brought = made.run("import", f"{name}.net:make", "--name", "mine", "--input", "input:float32[-1,6]")
    assert brought.returncode == 0, brought.stderr
    shutil.rmtree(project)
    folder = tmp_path / "artifacts" / "mine"
    assert {"torch_eager", "torchscript", "savedmodel", "frozen_graph"} <= set(read_manifest(folder).artifacts)
    asked = [sys.executable, "-I", "-c", ASK_IN_TORCH, str(folder), read_manifest(folder).spec.model_dump_json()]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["True"], done.stderr
    verify_artifact(folder, "torch_eager")


def started(process):
    """Whether Locust got so far; it is ended."""
    found = any("Starting Locust" in line for line in process.stderr)
    process.kill()
    process.communicate()
    return found


def is_ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz"):
            return True
    except OSError:
        return False

"""serveoff killed by SIGKILL: its servers end with it, and the next start removes what it left."""

import signal
import tempfile

import psutil
import pytest
from rich.console import Console

from serveoff.measure.leftovers import remove_leftovers
from serveoff.measure.runtimes.loopback_ports import free_port
from serveoff.models.staging import locked
from tests.command_line import MEASURED
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

SMALL = ("--profile", "quick", "--duration", "1", "--warmup", "0.2", "--concurrency", "1", "--rounds", "1")


def wait_until_none_is_left(cli):
    wait_until(lambda: not cli.processes())


def frozen(cli):
    return [process for process in cli.running("-m") if process.status() == psutil.STATUS_STOPPED]


def test_a_killed_run_takes_its_servers_with_it_frozen_ones_too_and_the_next_removes_its_folders(cli):
    process = cli.start("run", "flask-tuned-null", "flask-tuned-onnx", *SMALL)
    cli.wait_until(lambda: frozen(cli) and cli.running("serveoff.services.flaskrest"), process)
    process.kill()
    process.communicate()
    wait_until_none_is_left(cli)
    left = list((cli.folder / "results").glob("*/logs/scratch-*"))
    assert len(left) == 1
    finished = cli.run("run", "--resume", "latest")
    assert finished.returncode in MEASURED, finished.stderr
    assert finished.stderr.count("removed leftovers of a killed run") == 1
    assert not list((cli.folder / "results").glob("*/logs/scratch-*"))


@pytest.mark.parametrize(
    ("name", "module", "count"),
    [
        ("flask-tuned-null", "serveoff.services.flaskrest", 2),
        ("tfserving-savedmodel", "serveoff.services.tfserving.embedded", 1),
    ],
)
def test_a_served_deployment_ends_with_a_serveoff_that_is_killed(cli, name, module, count):
    """The embedded server is what a shell became that its launcher became."""
    grpc = () if name == "flask-tuned-null" else ("--grpc-port", str(free_port()))
    process = cli.start("serve", name, "--rest-port", str(free_port()), *grpc)
    cli.wait_until(lambda: len(cli.running(module)) == count, process)
    process.kill()
    process.communicate()
    wait_until_none_is_left(cli)


@pytest.mark.parametrize(
    ("command", "number"),
    [
        *(("export", signal.SIGKILL), ("import", signal.SIGKILL)),
        pytest.param("import", signal.SIGHUP, marks=pytest.mark.long),
    ],
)
def test_an_export_and_an_import_take_their_jobs_with_them_and_the_next_finds_nothing_half(
    cli, command, number, monkeypatch
):
    model = cli.artifacts / "digits_cnn" / "torchscript" / "model.pt"
    asked = {
        "export": ("export",),
        "import": ("import", str(model), "--name", "mine", "--input", "image:float32[-1,28,28,1]"),
    }
    cli.artifacts = cli.folder / "artifacts"
    cli.settings = {"TMPDIR": str(cli.folder / "tmp")}
    (cli.folder / "tmp").mkdir()
    process = cli.start(*asked[command])
    cli.wait_until(lambda: cli.running("serveoff.models.jobs"), process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (-number, 130)
    assert "Traceback" not in err
    wait_until_none_is_left(cli)
    name = {"export": "digits_cnn", "import": "mine"}[command]
    assert not (cli.artifacts / name).exists()
    with locked(cli.artifacts / name):  # waits for nobody, and clears up
        assert [path.name for path in cli.artifacts.iterdir()] == [f".{name}.lock"]
    monkeypatch.setattr(tempfile, "tempdir", str(cli.folder / "tmp"))
    remove_leftovers(Console(quiet=True))
    assert not list((cli.folder / "tmp").glob("serveoff-*"))

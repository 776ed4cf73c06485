"""Start TorchServe, watch it, and end it with all its processes."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress

import psutil

from serveoff.models.manifest import ArtifactError
from serveoff.services.runtimes import check as verified
from serveoff.services.settings import Settings, SettingsError
from serveoff.services.torchserve import config
from serveoff.services.torchserve.archive import build_archive
from serveoff.services.torchserve.healthcheck import is_ready, worker_states
from serveoff.services.torchserve.lifetime import adopt_orphans, die_with_parent
from serveoff.services.torchserve.start_fault import start_fault

UNUSABLE = 3
"""Exit code for a setting or an artifact that cannot be used."""
FAILED = 1
"""Exit code of a frontend that ended by itself, or of a model that its workers cannot load."""
STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
POLL_EVERY_S = 0.1
STOP_GRACE_S = 6.0
LOG_TAIL_LINES = 40


def main(environ: Mapping[str, str]) -> int:
    """Serve until SIGTERM or SIGINT; the exit code says how it ended."""
    # Blocked, not handled: they are taken from the queue where the watch waits, and interrupt nothing half done.
    signal.pthread_sigmask(signal.SIG_BLOCK, {*STOP_SIGNALS, signal.SIGCHLD})
    try:
        settings = check(Settings.from_env(environ))
        _, artifact = verified(settings)
        work_dir = config.open_work_dir(settings.work_dir)
    except (SettingsError, ArtifactError) as error:
        return _fail(str(error), UNUSABLE)
    try:
        build_archive(settings.model, artifact, work_dir.store, work_dir.temp)
        config.write_properties(settings, work_dir)
        return serve(settings, work_dir)
    except ArtifactError as error:
        return _fail(str(error), UNUSABLE)
    finally:
        shutil.rmtree(work_dir.root, ignore_errors=True)


def check(settings: Settings) -> Settings:
    """The same settings; SettingsError where TorchServe cannot serve them."""
    if settings.format != "torchscript":
        raise SettingsError(f"SERVING_FORMAT is {settings.format!r}: TorchServe serves torchscript")
    for name in ("rest_port", "grpc_port", "management_port", "metrics_port"):
        if not 0 < getattr(settings, name) < 2**16:
            port = getattr(settings, name)
            raise SettingsError(f"SERVING_{name.upper()} is {port}: TorchServe needs a port of 1 to 65535")
    return settings


def serve(settings: Settings, work_dir: config.WorkDir) -> int:
    """Run the frontend until a signal or its own end; the exit code. No process of it is left afterwards."""
    adopt_orphans()
    frontend = subprocess.Popen(
        config.command(settings, work_dir),
        cwd=work_dir.root,
        env=config.environment(work_dir),
        stdin=subprocess.DEVNULL,
        preexec_fn=_prepare_child,
    )
    try:
        return watch(frontend, settings, work_dir)
    finally:
        end(frontend)


def _prepare_child() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    die_with_parent()


def watch(frontend: subprocess.Popen[bytes], settings: Settings, work_dir: config.WorkDir) -> int:
    """Wait for the end; until the model is ready, also for a worker that dies.

    TorchServe itself goes on for minutes with workers that cannot load their model, answering `/ping` with Healthy.
    Once the model was ready, a worker that dies is TorchServe's to replace: the health check tells.
    """
    ready = False
    workers: set[int] = set()
    while True:
        event = signal.sigtimedwait({*STOP_SIGNALS, signal.SIGCHLD}, 3600 if ready else POLL_EVERY_S)
        if event is not None and event.si_signo in STOP_SIGNALS:
            return 0
        if frontend.poll() is not None:
            return _fail(f"TorchServe's frontend ended with code {frontend.returncode}", FAILED)
        if ready:
            continue
        running = worker_pids(frontend.pid)
        workers |= running
        if workers - running:
            return _failed_start(frontend, settings, work_dir)
        ready = is_ready(settings)


def _failed_start(frontend: subprocess.Popen[bytes], settings: Settings, work_dir: config.WorkDir) -> int:
    """Say why a worker ended: it could not load the model, or its frontend is ending, perhaps for want of a port."""
    if fault := start_fault(work_dir.start_fault):
        return _fail(fault, UNUSABLE)
    with suppress(subprocess.TimeoutExpired):
        code = frontend.wait(0 if worker_states(settings) else STOP_GRACE_S)
        return _fail(f"TorchServe's frontend ended with code {code} before the model was ready", FAILED)
    return _fail(f"a worker ended while it loaded the model; its last words:\n{_tail(work_dir)}", FAILED)


def worker_pids(frontend: int) -> set[int]:
    """The Python workers of a frontend."""
    pids = set()
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(frontend).children():
            with suppress(psutil.Error):
                if any(argument.endswith("model_service_worker.py") for argument in child.cmdline()):
                    pids.add(child.pid)
    return pids


def end(frontend: subprocess.Popen[bytes]) -> None:
    """Stop the frontend, which stops its workers, and kill whatever of its tree is left."""
    family = psutil.Process().children(recursive=True)
    frontend.terminate()
    with suppress(subprocess.TimeoutExpired):
        frontend.wait(STOP_GRACE_S)
    left = {*family, *psutil.Process().children(recursive=True)}
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=2)
    frontend.wait()


def _tail(work_dir: config.WorkDir) -> str:
    with suppress(OSError):
        return "\n".join(work_dir.worker_log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
    return "(none)"


def _fail(message: str, code: int) -> int:
    print(f"error: {message}", file=sys.stderr, flush=True)
    return code

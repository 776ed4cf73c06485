"""Follows Locust through a test by its events: makes the load test, or the generator, and writes what came of it."""

import logging
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import flask
import gevent
import psutil
from locust import runners
from locust.exception import StopTest
from locust.runners import STATE_INIT, STATE_STOPPED, MasterRunner, WorkerRunner

from serveoff.loadtests.distributed.master import Master
from serveoff.loadtests.distributed.worker import Worker
from serveoff.loadtests.endpoints import EndpointError
from serveoff.loadtests.generator.protocol import FAILED, INTERRUPTED, Wire
from serveoff.loadtests.generator.user import CommandedUser
from serveoff.loadtests.loadtest import LoadTest
from serveoff.loadtests.options import RowsError, add_options, resolve
from serveoff.loadtests.protocols import user_class
from serveoff.loadtests.recording.records import parts, remove_rows
from serveoff.loadtests.samples import SamplesError
from serveoff.loadtests.shapes import CHOICES, NONE, ShapeError
from serveoff.loadtests.shaping import make_shape

USAGE = 2
STOP_WHEN_INTERRUPTED_S = 2.0
"""After Ctrl-C, users may finish the request they wait for within so many seconds."""
MASTER_PATIENCE_S = 10
"""A worker whose master has been silent for so long ends its test and itself. Where it is restarted it then joins the
next master, which would not know of it. Locust's own patience is a minute."""
CHANGING, FINISH = "serveoff_changing", "serveoff_finish"
"""A master's messages to its workers: users are about to come or go; write the rows, which they answer by the same."""
REFUSED = (EndpointError, SamplesError, RowsError, ShapeError)

log = logging.getLogger(__name__)


class Control:
    """The listeners of one Locust process: a lone one, a master or a worker."""

    def __init__(self) -> None:
        self._load: LoadTest | None = None
        self._interrupted = self._ending = False
        self._busy: set[str] = set()
        """Workers that have not written their rows."""
        self._written = True

    def listen(self, events: Any) -> None:
        """Follow these events."""
        events.init_command_line_parser.add_listener(lambda parser, **_: add_options(parser))
        events.init.add_listener(self._on_init)
        events.test_start.add_listener(self._on_test_start)
        events.spawning_complete.add_listener(self._on_spawning_complete)
        events.test_stopping.add_listener(self._on_test_stopping)
        events.test_stop.add_listener(self._on_test_stop)

    def _on_init(self, environment: Any, runner: Any, web_ui: Any, **_: Any) -> None:
        self._environment, self._runner, self._options = environment, runner, environment.parsed_options
        if self._options.commands:
            wire = Wire.of_this_process()
            if isinstance(runner, MasterRunner):
                runners.HEARTBEAT_LIVENESS = sys.maxsize  # a worker in a long slice says nothing, and is not missing
                Master(runner, wire).run(self._options.expect_workers, self._options.expect_workers_max_wait)
            CommandedUser.wire = wire
            environment.user_classes = [CommandedUser]
            self._options.num_users, self._options.only_summary = 1, True
            return
        self._signals = [gevent.signal_handler(s, self._on_signal, s) for s in (signal.SIGINT, signal.SIGTERM)]
        # Added after Locust's own listener it is called before that one, while a worker is still known to its master.
        environment.events.quitting.add_listener(self._on_quitting)
        environment.stop_timeout = environment.stop_timeout or self._options.request_timeout
        if isinstance(runner, WorkerRunner):
            runners.MASTER_HEARTBEAT_TIMEOUT = MASTER_PATIENCE_S
            # Locust's patience begins with the first heartbeat, and a master can be gone before that.
            runner.last_heartbeat_timestamp = runner.last_heartbeat_timestamp or time.time()
            runner.register_message(CHANGING, self._before_users_change)
            runner.register_message(FINISH, self._on_finish, concurrent=True)
            self._worker = Worker(runner)
            return
        if isinstance(runner, MasterRunner):
            runner.register_message(FINISH, lambda msg, **_: self._busy.discard(msg.node_id))
        self._choose_shape(self._options.shape)
        if web_ui is None:
            self._check()
        else:
            # Locust makes a test of the page's form at once, and a shape must be known before that.
            web_ui.app.before_request(self._on_web_request)

    def _on_web_request(self) -> None:
        """A test that runs keeps its shape."""
        if flask.request.path.endswith("/swarm") and self._runner.state in (STATE_INIT, STATE_STOPPED):
            asked = flask.request.form.get("shape", NONE)
            self._choose_shape(asked if asked in CHOICES else NONE)

    def _choose_shape(self, name: str) -> None:
        self._environment.shape_class = make_shape(name, self._environment, self._before_users_change)

    def _before_users_change(self, **_: Any) -> None:
        if isinstance(self._runner, MasterRunner):
            self._runner.send_message(CHANGING)
        elif self._load is not None:
            self._load.recorder.users_change(None)

    def _check(self) -> None:
        """Refuse at once what cannot be tested, with one message and no traceback."""
        try:
            resolve(self._options)
            self._choose(LoadTest(self._options, worker=None))
        except REFUSED as error:
            _refuse(str(error))

    def _on_test_start(self, **_: Any) -> None:
        if self._options.commands:
            return
        if self._interrupted:  # a master gives the users of a worker that has ended to the others, which end, too
            raise StopTest("interrupted")
        try:
            if not isinstance(self._runner, WorkerRunner):
                resolve(self._options)
                remove_rows(Path(self._options.rows_path))
            worker = self._runner.worker_index if isinstance(self._runner, WorkerRunner) else None
            self._load = LoadTest(self._options, worker)
        except REFUSED as error:
            raise StopTest(str(error)) from None
        self._written = self._ending = False
        self._choose(self._load)

    def _choose(self, load: LoadTest) -> None:
        """Let only users of the endpoint's protocol run, in this test."""
        chosen = user_class(load.target.protocol)
        chosen.load, chosen.host = load, f"http://{load.target.address}"
        self._environment.user_classes = [chosen]
        if isinstance(self._runner, MasterRunner) and self._runner._users_dispatcher is not None:
            # A master chooses the users it will dispatch before it says that a test starts.
            nodes = self._runner.clients.ready + self._runner.clients.spawning + self._runner.clients.running
            self._runner._users_dispatcher = self._environment.dispatcher_class(nodes, [chosen])

    def _on_spawning_complete(self, user_count: int, **_: Any) -> None:
        """Requests count whenever all users run."""
        if self._load is not None:
            self._load.recorder.users_change(user_count)

    def _on_test_stopping(self, **_: Any) -> None:
        if isinstance(self._runner, MasterRunner):
            self._stop_workers(self._runner)
        else:
            self._before_users_change()

    def _stop_workers(self, runner: Any) -> None:
        """Wait until each has written its rows: where Locust is about to quit, it does not."""
        self._busy = {client.id for client in (*runner.clients.spawning, *runner.clients.running)}
        self._written = bool(self._busy or parts(Path(self._options.rows_path)))
        runner.send_message(FINISH)
        end = time.perf_counter() + self._environment.stop_timeout + STOP_WHEN_INTERRUPTED_S
        while time.perf_counter() < end and any(
            client.id in self._busy for client in (*runner.clients.spawning, *runner.clients.running)
        ):
            gevent.sleep(0.05)

    def _on_finish(self, **_: Any) -> None:
        """Users that are being stopped must not be stopped once more, by the master's word."""
        if not self._ending:
            self._ending = True
            self._runner.stop()

    def _on_test_stop(self, **_: Any) -> None:
        if self._load is None or self._load.finished:
            return
        if isinstance(self._runner, MasterRunner):
            self._load.finished = True
        else:
            self._load.finish()
            self._written = True
        if isinstance(self._runner, WorkerRunner):
            # Locust lets a worker wait for so long once more before it may take part in the next test.
            self._environment.stop_timeout = 0
            self._runner.send_message(FINISH)
        elif self._written:
            log.info("rows: %s", ", ".join(map(str, parts(Path(self._options.rows_path)))) or "where the workers are")
        else:
            log.error("no worker is left: there are no rows")

    def _on_signal(self, signum: int) -> None:
        """Ctrl-C reaches the main greenlet, never a user in the middle of its request; Locust acts on SIGTERM."""
        if self._ending:
            return
        self._interrupted, self._ending = True, isinstance(self._runner, WorkerRunner)
        self._environment.stop_timeout = min(self._environment.stop_timeout, STOP_WHEN_INTERRUPTED_S)
        if signum == signal.SIGINT:
            gevent.get_hub().handle_system_error(KeyboardInterrupt, KeyboardInterrupt())

    def _on_quitting(self, environment: Any, **_: Any) -> None:
        """Failed requests are data: the exit code tells only of failures of the tool, and of interruption."""
        self._runner.quit()
        environment.process_exit_code = self._exit_code()

    def _exit_code(self) -> int:
        if isinstance(self._runner, WorkerRunner):
            return 0 if self._written else FAILED
        if not self._options.headless:  # to be told to end is how a web page ends
            return 0
        if self._interrupted:
            return INTERRUPTED
        return 0 if self._written else FAILED


def _refuse(message: str) -> NoReturn:
    for child in psutil.Process().children():  # workers of --processes: nobody else would end them
        child.terminate()
    sys.stderr.write(f"error: {message}\n")
    sys.exit(USAGE)

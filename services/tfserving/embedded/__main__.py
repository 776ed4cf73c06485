"""The embedded model server's command: `python -m serveoff.services.tfserving.embedded FLAGS`."""

import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Sequence

from serveoff.services.phases import announce
from serveoff.services.tfserving.embedded.errors import Code, ServingError
from serveoff.services.tfserving.embedded.flags import Flags, UsageError, parse

FAILURE = 255
"""What TensorFlow Serving's `return -1` comes to."""

log = logging.getLogger(__name__)


def main(argv: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT; the exit code."""
    try:
        flags = parse(argv)
    except UsageError as error:
        print(error, file=sys.stderr)
        return FAILURE
    if flags.version:
        return _print_version()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname).1s %(message)s")
    # A queue of requests is what a load test is for, and a line for each would slow it down.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    for name in flags.ignored():
        log.warning("--%s has no effect in the embedded model server", name)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return _serve(flags, stop)


def _serve(flags: Flags, stop: threading.Event) -> int:
    try:
        _check_ports(flags)
        # Imported here: TensorFlow takes seconds, and a wrong flag or a taken port should not wait for it.
        from serveoff.services.tfserving.embedded.server import ModelServer

        announce("imported")
        ModelServer(flags, stop).run()
    except ServingError as error:
        if error.code is Code.CANCELLED and stop.is_set():
            return 0
        return _failed(error.status)
    except (OSError, RuntimeError) as error:
        return _failed(str(error))
    return 0


def _check_ports(flags: Flags) -> None:
    """OSError where a port is taken, before seconds are spent on loading a model."""
    for port in (flags.port, flags.rest_api_port):
        if port:
            try:
                with contextlib.closing(socket.create_server((flags.host, port))):
                    pass
            except OSError as error:
                raise OSError(f"cannot listen on {flags.host}:{port}: {error.strerror}") from None


def _failed(message: str) -> int:
    print(f"Failed to start server. Error: {message}", file=sys.stderr)
    return FAILURE


def _print_version() -> int:
    import tensorflow as tf

    print("TensorFlow ModelServer: embedded stand-in\nTensorFlow Library:", tf.__version__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

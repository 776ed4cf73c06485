"""One of several hosts that load comes from: does what Locust's master tells it, as a lone generator would."""

import time
from typing import Any

from serveoff.loadtests.distributed.messages import CLOCK, COMMAND, EVENT
from serveoff.loadtests.generator.generator import Generator


class Worker:
    """Listens to the messages of its master, for as long as Locust's worker lives."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self._generator: Generator | None = None
        runner.register_message(CLOCK, self._time)
        # In a greenlet of its own: gRPC lets others run meanwhile, and the master's heartbeats must be heard.
        runner.register_message(COMMAND, self._obey, concurrent=True)

    def _time(self, msg: Any, **_: Any) -> None:
        heard = time.perf_counter()
        self._runner.send_message(CLOCK, {"number": msg.data, "heard": heard, "replied": time.perf_counter()})

    def _obey(self, msg: Any, **_: Any) -> None:
        self._generator = self._generator or Generator(self._tell)
        self._generator.obey(msg.data.encode())

    def _tell(self, event: str, **fields: Any) -> None:
        # REST let nobody listen meanwhile: without heartbeats Locust's worker would think that its master is gone.
        self._runner.last_heartbeat_timestamp = time.time()
        self._runner.send_message(EVENT, {"event": event, **fields})

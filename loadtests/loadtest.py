"""One load test by hand: what is sent to which endpoint, and the rows of what came back."""

import gc
import logging
from pathlib import Path
from typing import Any

from serveoff.loadtests.answer_check import Verified
from serveoff.loadtests.endpoints import Target, find
from serveoff.loadtests.pools import make_pool
from serveoff.loadtests.protocols.framing import FRAMES
from serveoff.loadtests.recording.recorder import Recorder
from serveoff.loadtests.recording.records import part_path, write_rows

STRIDE = 7
"""Users start this far apart in the pool, so that they do not all send the same input at the same time."""

log = logging.getLogger(__name__)


class LoadTest:
    """Users record into it; whoever controls the test tells its recorder how many they are.

    `options` are resolved: serveoff.loadtests.options. `worker` is the number of this one among several; None where
    Locust is one process. EndpointError or SamplesError where it cannot begin.
    """

    def __init__(self, options: Any, worker: int | None) -> None:
        self.target: Target = find(options.endpoint, options.target_address)
        self.request_timeout_s: float = options.request_timeout
        named = options.model_dir or self.target.model_dir
        folder = Path(named) if named else None
        self.pool = make_pool(self.target, FRAMES[self.target.protocol], "", 1, folder)
        """Single rows in the protocol's own encoding: what users send."""
        self.recorder = Recorder(self.pool.body_bytes)
        self._file = part_path(Path(options.rows_path), worker)
        self._joined = (worker or 0) * 1000
        self._verified = Verified()
        self._wrong = False
        self.finished = False
        """Its rows are written: users that come too late send nothing, for it would have none."""
        # What is alive now stays so: the collector need not walk it while requests are timed.
        gc.collect()
        gc.freeze()

    def join(self) -> int:
        """A user begins; returns its place in the pool."""
        self._joined += 1
        return self._joined * STRIDE % len(self.pool.requests)

    def is_wrong(self, sample: int, answer: bytes) -> bool:
        """Whether an answer is not the golden one."""
        self._verified.begin()
        self._verified.offer(sample, answer)
        found = self._verified.judge(self.pool.expected, self.pool.payload, self.pool.spec)
        if found.wrong and not self._wrong:
            self._wrong = True
            log.warning("answers are wrong; the first: %s", found.first_fault)
        return bool(found.wrong)

    def finish(self) -> None:
        """Write the rows; call once all users have stopped."""
        self.finished = True
        write_rows(self._file, self.recorder.table(self.target.name))

"""Micro-batching: requests that wait at the same time are answered by one call of the model.

SERVING_BATCH_SIZE is the most rows of one call, SERVING_BATCH_DELAY_MS how long the first request of a batch waits for
others; with 0 a batch is what had arrived when the worker looked, which is all that came during the last call. Nobody
is waited for once every open connection has a request in the queue. A request of more rows than a batch takes is
computed alone, in one call.

The worker hands over the WSGI environments of a batch. Those of good requests to :predict come back with their outputs
in them, and Flask's view makes answers of these. Any other (a bad body, another path, a question for a layer) comes
back as it was, for the view to handle alone: so each error is found, worded and answered in one
place, and harms no one else. The same holds for a whole batch that the model cannot compute.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

from werkzeug.exceptions import UnsupportedMediaType

from serveoff.models.formats import Predict
from serveoff.models.tensors import Batch, join, rows_of, split
from serveoff.services.content_encoding import EncodingError
from serveoff.services.flaskrest.exchange import BODY, Environ
from serveoff.services.predict_v1 import BadInputError, Decoded

PREPARED = "serveoff.prepared"
"""WSGI environment: the Prepared of this request."""
Decode = Callable[[Environ, bytes], Decoded]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request's inputs and its own rows of the batch's outputs; `predict_s` is the time of the whole call."""

    decoded: Decoded
    outputs: Batch
    parse_s: float
    predict_s: float
    done_s: float = 0.0
    """When the outputs were there, by time.perf_counter, if the answer follows at once; 0 if others come between."""


@dataclass(slots=True)
class _Member:
    environ: Environ
    decoded: Decoded
    parse_s: float


@dataclass(frozen=True)
class Batcher:
    """Puts requests together. `decode` raises BadInputError, `observe` is told the rows of each call."""

    NAME: ClassVar = "serveoff.batcher"
    """Where the Flask application keeps it, in `app.extensions`."""

    size: int
    delay_s: float
    paths: frozenset[str]
    decode: Decode
    call: Predict
    observe: Callable[[int], None]

    def patience_s(self, waiting: int, waited_s: float) -> float:
        """How much longer to wait for others, when so many wait and the first has waited so long."""
        return 0.0 if waiting >= self.size else max(0.0, self.delay_s - waited_s)

    def predict(self, environs: Sequence[Environ]) -> None:
        """Compute the good requests among these, in as few calls as their rows allow, and prepare their answers."""
        members = [member for environ in environs if (member := self._member(environ)) is not None]
        for batch in self._batches(members):
            try:
                self._run(batch)
            except Exception:  # whatever a framework raises: each request then fails, or not, by itself
                log.exception("the model failed on a batch of %d requests: each runs alone", len(batch))

    def _member(self, environ: Environ) -> _Member | None:
        body = environ.get(BODY)
        if body is None or environ["PATH_INFO"] not in self.paths or environ["QUERY_STRING"]:
            return None
        start = perf_counter()
        try:
            decoded = self.decode(environ, body)
        except (BadInputError, EncodingError, UnsupportedMediaType):
            return None
        return _Member(environ, decoded, perf_counter() - start)

    def _batches(self, members: Sequence[_Member]) -> Iterator[list[_Member]]:
        batch: list[_Member] = []
        rows = 0
        for member in members:
            count = rows_of(member.decoded.batch)
            if batch and rows + count > self.size:
                yield batch
                batch, rows = [], 0
            batch.append(member)
            rows += count
        if batch:
            yield batch

    def _run(self, batch: list[_Member]) -> None:
        inputs = [member.decoded.batch for member in batch]
        start = perf_counter()
        outputs = self.call(join(inputs))
        predict_s = perf_counter() - start
        counts = list(map(rows_of, inputs))
        rows = sum(counts)
        for name, array in outputs.items():
            if len(array) != rows:
                raise ValueError(f"the model answered {len(array)} rows of {name} for {rows}")
        self.observe(rows)
        for member, own in zip(batch, split(outputs, counts), strict=True):
            member.environ[PREPARED] = Prepared(member.decoded, own, member.parse_s, predict_s)

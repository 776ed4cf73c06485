"""Put concurrent requests together into one run of the model (TensorFlow Serving's --enable_batching)."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from serveoff.services.tfserving.embedded.config import BatchingParameters
from serveoff.services.tfserving.embedded.errors import Code, ServingError, failed_precondition, invalid_argument
from serveoff.services.tfserving.embedded.servable import Servable
from serveoff.services.tfserving.embedded.signatures import Array


@dataclass
class _Task:
    arrays: Sequence[Array]
    rows: int
    done: Future[list[Array]] = field(default_factory=Future)


@dataclass
class _Batch:
    """Tasks that can run together: same servable, same tensors, same shape of a row."""

    key: tuple[Any, ...]
    deadline: float
    tasks: list[_Task] = field(default_factory=list)
    rows: int = 0


class Batcher:
    """Collects rows until a batch is full or its first request has waited long enough."""

    def __init__(self, parameters: BatchingParameters) -> None:
        self._parameters = parameters
        self._batches: deque[_Batch] = deque()
        self._changed = threading.Condition()
        for index in range(parameters.num_batch_threads):
            threading.Thread(target=self._work, name=f"batch-{index}", daemon=True).start()

    def run(
        self, servable: Servable, feeds: Sequence[str], arrays: Sequence[Array], fetches: Sequence[str]
    ) -> list[Array]:
        """As Servable.run, perhaps together with the rows of others. Every array has the batch dimension first."""
        task = _Task(arrays, self._rows(arrays))
        rows_alike = tuple((array.dtype.str, array.shape[1:]) for array in arrays)
        self._enqueue((servable, tuple(feeds), tuple(fetches), rows_alike), task)
        return task.done.result()

    def _rows(self, arrays: Sequence[Array]) -> int:
        if any(not array.shape for array in arrays):
            raise invalid_argument("Batching Run() input tensors must have at least one dimension")
        sizes = {array.shape[0] for array in arrays}
        if len(sizes) != 1:
            raise invalid_argument("Batching Run() input tensors must have equal 0th-dimension size")
        rows = int(sizes.pop())
        limit = self._parameters.max_batch_size
        if rows > limit:
            raise invalid_argument(f"Task size {rows} is larger than maximum input batch size {limit}")
        return rows

    def _enqueue(self, key: tuple[Any, ...], task: _Task) -> None:
        with self._changed:
            for batch in self._batches:
                if batch.key == key and batch.rows + task.rows <= self._parameters.max_batch_size:
                    break
            else:
                if len(self._batches) >= self._parameters.max_enqueued_batches:
                    raise ServingError(
                        Code.UNAVAILABLE, "The batch scheduling queue to which this task was submitted is full"
                    )
                batch = _Batch(key, time.monotonic() + self._parameters.batch_timeout_s)
                self._batches.append(batch)
            batch.tasks.append(task)
            batch.rows += task.rows
            self._changed.notify()

    def _work(self) -> None:
        while True:
            self._answer(self._next())

    def _answer(self, batch: _Batch) -> None:
        """Run it; where that fails each task runs alone, so that one harms no other."""
        try:
            self._process(batch)
        except (ServingError, ValueError, TypeError) as error:
            if len(batch.tasks) > 1:
                for task in batch.tasks:
                    self._answer(_Batch(batch.key, batch.deadline, [task], task.rows))
                return
            failure = error if isinstance(error, ServingError) else ServingError(Code.INTERNAL, str(error))
            batch.tasks[0].done.set_exception(failure)

    def _next(self) -> _Batch:
        with self._changed:
            while True:
                now = time.monotonic()
                for batch in self._batches:
                    if batch.rows >= self._parameters.max_batch_size or batch.deadline <= now:
                        self._batches.remove(batch)
                        return batch
                self._changed.wait(min((b.deadline - now for b in self._batches), default=None))

    def _process(self, batch: _Batch) -> None:
        servable, feeds, fetches, _ = batch.key
        columns = [np.concatenate(arrays) for arrays in zip(*(t.arrays for t in batch.tasks), strict=True)]
        padding = next((size - batch.rows for size in self._parameters.allowed_batch_sizes if size >= batch.rows), 0)
        if padding:
            columns = [np.concatenate([column, np.repeat(column[:1], padding, axis=0)]) for column in columns]
        outputs = servable.run(feeds, columns, fetches)
        if any(not output.shape or output.shape[0] != batch.rows + padding for output in outputs):
            raise failed_precondition(
                "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the "
                "input tensors"
            )
        start = 0
        for task in batch.tasks:
            task.done.set_result([output[start : start + task.rows] for output in outputs])
            start += task.rows

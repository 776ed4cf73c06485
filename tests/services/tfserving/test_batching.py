from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import numpy as np
import pytest

from serveoff.services.tfserving.embedded.batching import Batcher
from serveoff.services.tfserving.embedded.config import BatchingParameters
from serveoff.services.tfserving.embedded.errors import Code, ServingError


class Doubler:
    """A servable of one tensor that notes the size of each run; it can be held up."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.free, self.entered = threading.Event(), threading.Event()
        self.free.set()

    def run(self, feeds, arrays, fetches):
        self.entered.set()
        assert self.free.wait(60)
        (array,) = arrays
        self.sizes.append(len(array))
        if array.max(initial=0) > 1000:
            raise ServingError(Code.INVALID_ARGUMENT, "too large")
        return [array * 2]


@pytest.fixture
def servable():
    return Doubler()


def run(batcher, servable, values):
    return batcher.run(servable, ["x"], [np.float32(values)], ["y"])[0].tolist()


def test_requests_share_a_run(servable):
    batcher = Batcher(BatchingParameters(max_batch_size=4, batch_timeout_s=60, num_batch_threads=1))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda v: run(batcher, servable, [v]), [1, 2, 3, 4]))
    assert answers == [[2], [4], [6], [8]]
    assert servable.sizes == [4]


def test_a_batch_that_is_not_full_waits_no_longer_than_told(servable):
    batcher = Batcher(BatchingParameters(max_batch_size=100, batch_timeout_s=0.05))
    assert run(batcher, servable, [1, 2]) == [2, 4]
    assert servable.sizes == [2]


def test_rows_of_different_shape_do_not_mix(servable):
    batcher = Batcher(BatchingParameters(max_batch_size=2, batch_timeout_s=0.05))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda v: run(batcher, servable, v), [[[1]], [[1, 2]]]))
    assert answers == [[[2]], [[2, 4]]]
    assert servable.sizes == [1, 1]


def test_allowed_sizes_are_filled_up(servable):
    batcher = Batcher(BatchingParameters(max_batch_size=8, allowed_batch_sizes=(4, 8)))
    assert run(batcher, servable, [1, 2, 3]) == [2, 4, 6]
    assert servable.sizes == [4]


def test_too_many_rows(servable):
    batcher = Batcher(BatchingParameters(max_batch_size=2))
    with pytest.raises(ServingError, match="Task size 3 is larger than maximum input batch size 2"):
        run(batcher, servable, [1, 2, 3])


def test_no_batch_dimension(servable):
    batcher = Batcher(BatchingParameters())
    with pytest.raises(ServingError, match="must have at least one dimension"):
        batcher.run(servable, ["x"], [np.float32(1)], ["y"])
    with pytest.raises(ServingError, match="must have equal 0th-dimension size"):
        batcher.run(servable, ["x", "z"], [np.float32([1]), np.float32([1, 2])], ["y"])


def test_a_failure_reaches_its_requests_and_the_next_succeed(servable):
    batcher = Batcher(BatchingParameters(num_batch_threads=1))
    with pytest.raises(ServingError, match="too large"):
        run(batcher, servable, [5000])
    assert run(batcher, servable, [1]) == [2]


def test_a_request_that_fails_harms_none_that_it_shares_a_batch_with(servable):
    batcher = Batcher(BatchingParameters(max_batch_size=3, batch_timeout_s=60, num_batch_threads=1))
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(run, batcher, servable, [value]) for value in (1, 5000, 3)]
        assert [answers[0].result(), answers[2].result()] == [[2], [6]]
        with pytest.raises(ServingError, match="too large"):
            answers[1].result()
    assert servable.sizes == [3, 1, 1, 1]


def test_full_queue_is_refused_at_once(servable):
    batcher = Batcher(BatchingParameters(max_batch_size=1, num_batch_threads=1, max_enqueued_batches=1))
    servable.free.clear()
    with ThreadPoolExecutor(3) as pool:
        running = pool.submit(run, batcher, servable, [1])
        assert servable.entered.wait(60)
        two_more = [pool.submit(run, batcher, servable, [1]) for _ in range(2)]
        refused, waits = wait(two_more, timeout=60, return_when=FIRST_COMPLETED)
        servable.free.set()
        assert [future.result() for future in (running, *waits)] == [[2], [2]]
    (refusal,) = (future.exception() for future in refused)
    assert isinstance(refusal, ServingError)
    assert "is full" in str(refusal)
    assert refusal.code is Code.UNAVAILABLE

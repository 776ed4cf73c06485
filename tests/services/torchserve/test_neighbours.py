"""Requests that share a batch, one of which the model cannot compute."""

import numpy as np

from serveoff.services.torchserve.handler import Handler
from serveoff.services.torchserve.refusal import Refusal


def doubled(batch):
    if batch["x"].max() > 1000:
        raise IndexError("index out of range in self")
    return {"y": 2 * batch["x"]}


def test_a_request_that_the_model_fails_on_harms_no_other():
    handler = Handler()
    handler._predict = doubled
    one, failed, three = handler._predict_all([{"x": np.float32([[value]])} for value in (1, 5000, 3)])
    assert (one["y"].tolist(), three["y"].tolist()) == ([[2]], [[6]])
    assert failed == Refusal(500, "internal error: see the server's log")

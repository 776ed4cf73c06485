"""The yardstick of bench_client: a FastHttpUser as anyone would write it, with the same bodies and no record."""

import itertools
import os

from locust import FastHttpUser, task

from serveoff.loadtests.payloads import json_rows
from serveoff.loadtests.samples import golden_inputs
from serveoff.models.catalog import load_spec
from serveoff.models.tensors import rows_of, split

MODEL = os.environ["BENCH_MODEL"]
SPEC, INPUTS = load_spec(MODEL), golden_inputs(MODEL)
ROWS = split(INPUTS, [1] * rows_of(INPUTS))
BODIES = itertools.cycle([json_rows.encode(SPEC, row) for row in ROWS])
HEADERS = {"Content-Type": "application/json"}


class PlainUser(FastHttpUser):
    """Post, and let Locust count."""

    concurrency = 1

    @task
    def predict(self) -> None:
        """One request."""
        self.client.post(f"/v1/models/{MODEL}:predict", data=next(BODIES), headers=HEADERS)

"""The yardstick of bench_client: a FastHttpUser as anyone would write it, with the same bodies and no record."""

import itertools
import os

from locust import FastHttpUser, task

from loadtests.payloads import json_rows
from loadtests.samples import golden_inputs

MODEL = os.environ["BENCH_MODEL"]
INPUTS = golden_inputs(MODEL)
BODIES = itertools.cycle([json_rows.encode(MODEL, INPUTS[row : row + 1]) for row in range(len(INPUTS))])
HEADERS = {"Content-Type": "application/json"}


class PlainUser(FastHttpUser):
    """Post, and let Locust count."""

    concurrency = 1

    @task
    def predict(self) -> None:
        """One request."""
        self.client.post(f"/v1/models/{MODEL}:predict", data=next(BODIES), headers=HEADERS)

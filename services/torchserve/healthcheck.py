"""`python -m serveoff.services.torchserve.healthcheck`: exit 0 while every worker is READY, 1 otherwise.

Asks the management API. `/ping` answers Healthy with all workers dead.
"""

import json
import os
import sys

from serveoff.services.probes import page
from serveoff.services.settings import Settings

TIMEOUT_S = 2.0
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}


def worker_states(settings: Settings) -> list[str]:
    """The states of the model's workers (`READY`, `LOADING`, `UNLOADING`); none while the frontend does not answer."""
    host = ANY_ADDRESS.get(settings.host, settings.host)
    said = page(f"{host}:{settings.management_port}", f"/models/{settings.model}", TIMEOUT_S)
    return [worker["status"] for model in json.loads(said or "[]") for worker in model["workers"]]


def is_ready(settings: Settings) -> bool:
    """True once as many workers are READY as were asked for."""
    return worker_states(settings).count("READY") >= settings.workers


if __name__ == "__main__":
    sys.exit(0 if is_ready(Settings.from_env(os.environ)) else 1)

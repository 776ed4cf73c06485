"""Tuned Flask whose framework falls back to the CPU without a word: a file that is run by its path.

It is what a GPU check must call INVALID: asked for `cuda`, it answers rightly, from the CPU.
"""

import sys

from serveoff.services import runtimes
from serveoff.services.flaskrest.gunicorn_app import launch


def fall_back() -> None:
    """Have the service compute on the CPU from now on, whatever device it is asked for."""
    runtimes.choose_device = lambda asked, has_gpu: "cpu"


if __name__ == "__main__":
    fall_back()
    sys.exit(launch())

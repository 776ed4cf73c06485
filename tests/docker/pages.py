"""Locust's web page, as a person uses it: choose an endpoint, start, look, stop."""

import json
import re

from tests.loadtests.fetch import fetch
from tests.waiting import wait_until


class Page:
    """The page of a Locust container, at the port that it is published on."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def choices(self):
        """The endpoints in the drop-down."""
        found = re.search(r'"endpoint": \{.*?"choices": (\[.*?\])', fetch(self.url))
        return [name for name in json.loads(found[1]) if name]

    def state(self):
        """What the page shows while a test runs."""
        return json.loads(fetch(f"{self.url}/stats/requests"))

    def wait_for_workers(self, count, seconds):
        """Until so many workers are ready, and no other is known."""

        def are_ready():
            return [worker["state"] for worker in self.state()["workers"]] == ["ready"] * count

        wait_until(are_ready, f"{count} workers are ready", seconds)

    def test(self, endpoint, users, requests=20):
        """Drive an endpoint until the page has counted so many requests; its counts then.

        What the page shows is up to two seconds old. It must have forgotten the test before: a stop that comes while
        Locust still starts a test is lost.
        """
        wait_until(lambda: self.state()["state"] != "running", "the test before has ended")
        form = {"user_count": users, "spawn_rate": users, "endpoint": endpoint, "host": ""}
        assert json.loads(fetch(f"{self.url}/swarm", form))["success"]

        def counted():
            state = self.state()
            return state["stats"][-1]["num_requests"] >= requests and state["state"] == "running" and state["stats"][-1]

        counts = wait_until(counted, f"{requests} requests")
        assert json.loads(fetch(f"{self.url}/stop", {"": ""}))["success"]
        return counts


def rows_of(stack, service, folder):
    """Copy what load tests by hand have written out of a container; the tables of each file's name."""
    stack.compose("cp", f"{service}:/results/loadtests", str(folder))
    return sorted((folder / "loadtests").glob("*.parquet")) if (folder / "loadtests").is_dir() else []

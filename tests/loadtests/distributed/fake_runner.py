"""Locust's master of workers that are not there: what is sent to one is answered at once."""

import json
import time
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from serveoff.loadtests.distributed.messages import CLOCK, COMMAND, EVENT
from serveoff.loadtests.generator.rows import ROWS, encoded

ANSWERS = {"endpoint": "endpoint", "prepare": "prepared", "slice": "done"}


class Clients(dict):
    @property
    def ready(self):
        return list(self.values())


@dataclass
class Runner:
    """Workers, by their ids, have clocks that show so much more; some refuse some commands, and some are silent."""

    ahead_s: dict
    refuses: set = field(default_factory=set)
    silent: set = field(default_factory=set)

    def __post_init__(self):
        self.clients = Clients({id: SimpleNamespace(id=id) for id in self.ahead_s})
        self.listeners, self.told = {}, []

    def register_message(self, kind, listener):
        self.listeners[kind] = listener

    def get_worker_index(self, id):
        return list(self.ahead_s).index(id)

    def send_message(self, kind, data, client_id):
        if client_id in self.silent:
            return
        now = time.perf_counter() + self.ahead_s[client_id]
        if kind == CLOCK:
            self.hear(CLOCK, client_id, {"number": data, "heard": now, "replied": now})
        if kind == COMMAND:
            command = json.loads(data)
            self.told.append((client_id, command["command"]))
            self.obey(client_id, command)

    def obey(self, id, command):
        name = command["command"]
        if name in self.refuses:
            self.hear(EVENT, id, {"event": "error", "text": f"refused: {name}"})
        elif name in ANSWERS:
            self.hear(EVENT, id, {"event": ANSWERS[name], **(done(command["part"]) if name == "slice" else {})})

    def hear(self, kind, id, data):
        self.listeners[kind](msg=SimpleNamespace(data=data, node_id=id))


def done(part):
    """One request, sent as the slice began, by the master's clock."""
    began_s = part["begins_s"] + part["epoch_s"]
    window = {"concurrency": 1, "start_s": began_s, "duration_s": 1.0, "requests": 1}
    columns = dict.fromkeys(ROWS, np.ones(1)) | {"start_s": np.full(1, began_s)}
    return {"window": window, "begun_late_s": 0.0, "rows": encoded(columns)}

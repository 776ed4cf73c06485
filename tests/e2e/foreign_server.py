"""A model server that nobody here runs for real: a team's own, of the standard library, in whatever state it is.

It answers TensorFlow Serving's REST (`/v1/models/m:predict`) and an API of its own (`/score`), and prints its port.
"""

import argparse
import itertools
import json
import os
import random
import signal
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WEIGHTS = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]


def scores(row):
    """Three scores of two features."""
    return [sum(x * w for x, w in zip(row, column, strict=True)) for column in zip(*WEIGHTS, strict=True)]


def spin(seconds):
    """Work for so long, as a model does."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


class Handler(BaseHTTPRequestHandler):
    """One connection; `options` and `count` are the server's."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self):
        """Answer, in the way that was asked for."""
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        number, options = next(self.server.count), self.server.options
        if number == options.ends_after:
            os.kill(os.getpid(), signal.SIGKILL)
        if options.token and self.headers.get("Authorization") != f"Bearer {options.token}":
            return self.answer(401, {"error": "who are you?"})
        if options.moved:
            return self.answer(302, {}, Location="http://elsewhere.example/v1/models/m:predict")
        if options.fails_every and number % options.fails_every == 0:
            return self.answer(429, {"error": "too many"}, **{"Retry-After": "7"})
        spin(options.work_s)
        wrong = options.lies_every and number % options.lies_every == 0
        if self.path == "/v1/models/m:predict":
            return self.answer(200, {"predictions": [answer(row, wrong, options) for row in document["instances"]]})
        if self.path == "/score":
            found = answer(document["features"], wrong, options)
            return self.answer(200, {"result": {"scores": found}, "took": random.random()})
        return self.answer(404, {"error": f"no model at {self.path}"})

    def answer(self, status, document, **headers):
        body = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Nothing."""


def answer(row, wrong, options):
    """The scores, or those of a model that is another."""
    return [score + options.off + bool(wrong) for score in scores(row)]


def main():
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--work-s", type=float, default=0.002)
    parser.add_argument("--lies-every", type=int, default=0)
    parser.add_argument("--fails-every", type=int, default=0)
    parser.add_argument("--ends-after", type=int, default=0)
    parser.add_argument("--off", type=float, default=0.0)
    parser.add_argument("--token", default="")
    parser.add_argument("--moved", action="store_true")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.options, server.count = parser.parse_args(), itertools.count(1)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

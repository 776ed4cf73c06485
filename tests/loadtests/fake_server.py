"""A server that speaks every wire protocol, knows the golden answers, and misbehaves on demand.

    python -m tests.loadtests.fake_server MODEL_DIR [HOST]      prints its REST and gRPC ports

`GET /count` tells how many predictions were asked for, `GET /metrics` tells it to Prometheus.
`POST /mode/<mode>` changes how they are answered:
golden, rounded (off by 2e-5), wrong (off by 0.01), zeros, garbage, error (503 or INTERNAL), hang (no answer),
drip (a byte now and then), flood (an answer without an end), close (hang up), slow (20 ms).
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import numpy as np

from serveoff.loadtests.payloads import grpc_tfserving, grpc_torchserve, json_rows
from serveoff.loadtests.samples import expected_outputs, golden_inputs, spec_of
from serveoff.models.tensors import rows_of, take

MODEL = "digits_cnn"
PREDICT = f"/v1/models/{MODEL}:predict"
FLOOD = bytes(1 << 25)
TIMING = "predict;dur=0.25, total;dur=0.5"
METRICS = """# TYPE asked_total counter
asked_total{{model="m"}} {count}
# TYPE level gauge
level {count}
"""


class State:
    def __init__(self, folder):
        self.spec = spec_of(MODEL, folder)
        self.inputs = golden_inputs(MODEL, folder)
        (self.outputs,) = expected_outputs(MODEL, "savedmodel", folder).values()
        self.mode, self.count, self.connections, self.lock = "golden", 0, 0, threading.Lock()

    def rows_by_body(self, payload):
        rows = range(rows_of(self.inputs))
        return {payload.encode(self.spec, take(self.inputs, slice(i, i + 1))): i for i in rows}

    def predict(self, row, can_drip=False):
        """The output row to answer; None for an error. Counts first: a request that hangs was still asked."""
        with self.lock:
            self.count += 1
        if self.mode == "hang" or (self.mode == "drip" and not can_drip):
            time.sleep(60)
        if self.mode == "slow":
            time.sleep(0.02)
        if self.mode == "error":
            return None
        output = self.outputs[row : row + 1]
        off = {"rounded": 2e-5, "wrong": 0.01}.get(self.mode, 0.0)
        return np.zeros_like(output) if self.mode == "zeros" else output + np.float32(off)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def setup(self):
        super().setup()
        with self.server.state.lock:
            self.server.state.connections += 1

    def do_GET(self):
        state = self.server.state
        if self.path == "/metrics":
            self.send(200, "text/plain", METRICS.format(count=state.count).encode())
            return
        self.answer(200, {"count": state.count, "connections": state.connections})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.path.startswith("/mode/"):
            self.server.state.mode = self.path.removeprefix("/mode/")
            self.answer(200, {})
        elif self.path != PREDICT or body not in self.server.rows:
            self.answer(400, {"error": "not a golden input"})
        else:
            self.predict(self.server.rows[body])

    def predict(self, row):
        output, mode = self.server.state.predict(row, can_drip=True), self.server.state.mode
        if mode == "close":
            self.close_connection = True
        elif mode == "drip":
            self.drip()
        elif mode == "flood":
            self.flood()
        elif mode == "garbage":
            self.answer(200, {"predictions": [["a", "b"]]})
        elif output is None:
            self.answer(503, {"error": "asked to fail"})
        else:
            self.answer(200, {"predictions": output.tolist()})

    def drip(self):
        """A byte now and then, for a minute."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        with suppress(OSError):
            for _ in range(600):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.1)
        self.close_connection = True

    def flood(self):
        """For as long as anybody reads."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(FLOOD)
        self.close_connection = True

    def answer(self, status, body):
        self.send(status, "application/json", json.dumps(body).encode())

    def send(self, status, content_type, data):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if status == 200:
            self.send_header("Server-Timing", TIMING)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


def unary(state, payload, wrap):
    rows = state.rows_by_body(payload)

    def call(request, context):
        if request not in rows:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "not a golden input")
        output = state.predict(rows[request])
        if output is None:
            context.abort(grpc.StatusCode.INTERNAL, "asked to fail")
        return FLOOD if state.mode == "flood" else wrap(output)

    service, method = payload.method.strip("/").split("/")
    return grpc.method_handlers_generic_handler(service, {method: grpc.unary_unary_rpc_method_handler(call)})


def predict_response(output):
    response = grpc_tfserving._MESSAGES["PredictResponse"]()
    grpc_tfserving.fill_tensor(response.outputs["probabilities"], output)
    return response.SerializeToString()


def prediction_response(output):
    response = grpc_torchserve._MESSAGES["PredictionResponse"]()
    response.prediction = json.dumps({"predictions": output.tolist()}).encode()
    return response.SerializeToString()


class RestServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, state, host):
        super().__init__((host, 0), Handler)
        self.state, self.rows = state, state.rows_by_body(json_rows)


def main(folder, host="127.0.0.1"):
    state = State(Path(folder))
    server = grpc.server(ThreadPoolExecutor(16))
    handlers = (
        unary(state, grpc_tfserving, predict_response),
        unary(state, grpc_torchserve, prediction_response),
    )
    server.add_generic_rpc_handlers(handlers)
    grpc_port = server.add_insecure_port(f"{host}:0")
    server.start()
    rest = RestServer(state, host)
    print(rest.server_port, grpc_port, flush=True)
    rest.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])

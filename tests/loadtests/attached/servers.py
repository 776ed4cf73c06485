"""Servers in threads that answer as a function of a test says, and remember what they were asked and when."""

import json
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc

from serveoff.loadtests.endpoints import Target


def has_ipv6():
    """Whether a server can listen on its loopback address here."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict
    body: bytes
    at: float
    """In perf_counter seconds."""


@dataclass(frozen=True)
class Answer:
    body: bytes
    status: int = 200
    headers: dict = field(default_factory=dict)
    pause_s: float = 0.0
    """Between bytes."""


def as_json(found, status=200, **headers):
    return Answer(json.dumps(found).encode(), status, headers)


class Served:
    """What a server was asked so far."""

    def __init__(self, protocol, answer):
        self.protocol, self.answer, self.asked, self.open, self.port = protocol, answer, [], [], 0

    @property
    def connections(self):
        """How many there were."""
        return len(self.open)

    def hang_up(self):
        """Close every connection, as a server does that has waited long enough."""
        for connection in self.open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def target(self, path="/", model="m", host="127.0.0.1"):
        return Target("prod", self.protocol, host, self.port, model, "", path)

    def take(self, path, headers, body):
        asked = Asked(path, headers, body, time.perf_counter())
        self.asked.append(asked)
        return self.answer(asked)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def setup(self):
        self.server.served.open.append(self.request)
        super().setup()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.served.take(self.path, headers, body)
        self.send_response(answer.status)
        for name, value in ({"Content-Length": len(answer.body)} | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        for part in [answer.body] if not answer.pause_s else [bytes([byte]) for byte in answer.body]:
            self.wfile.write(part)
            self.wfile.flush()
            time.sleep(answer.pause_s)

    def log_message(self, *args):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    context = None

    def finish_request(self, request, client_address):
        """TLS in the connection's own thread."""
        with suppress(OSError):
            if self.context is None:
                super().finish_request(request, client_address)
                return
            with self.context.wrap_socket(request, server_side=True) as secure:
                super().finish_request(secure, client_address)
                secure.unwrap()

    def handle_error(self, request, client_address):
        pass


@contextmanager
def rest(answer, certificate=None, host="127.0.0.1"):
    """`answer(asked)` gives an Answer; `certificate` is trustme's."""
    server = (_Server6 if ":" in host else _Server)((host, 0), _Handler)
    server.served = Served("rest", answer)
    server.served.port = server.server_port
    if certificate is not None:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(server.context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server6(_Server):
    address_family = socket.AF_INET6


class Refused(Exception):
    def __init__(self, code, details):
        self.code, self.details = code, details


@contextmanager
def rpc(method, answer, certificate=None, host="127.0.0.1"):
    """`answer(asked)` gives bytes, or raises Refused."""
    served = Served("grpc", answer)

    def call(body, context):
        try:
            return served.take(method, dict(context.invocation_metadata()), body)
        except Refused as refused:
            context.abort(refused.code, refused.details)

    service, name = method.strip("/").split("/")
    server = grpc.server(ThreadPoolExecutor(8))
    handlers = {name: grpc.unary_unary_rpc_method_handler(call)}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, handlers)])
    if certificate is None:
        served.port = server.add_insecure_port(f"[{host}]:0" if ":" in host else f"{host}:0")
    else:
        chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
        credentials = grpc.ssl_server_credentials([(certificate.private_key_pem.bytes(), chain)])
        served.port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        yield served
    finally:
        server.stop(None).wait()


@contextmanager
def raw(serve):
    """`serve(listener)` in a thread; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def served():
            with suppress(OSError):
                serve(listener)

        port = listener.getsockname()[1]
        thread = threading.Thread(target=served, daemon=True)
        thread.start()
        yield port
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # else it may wait for a connection for ever
        thread.join()

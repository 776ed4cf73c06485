"""gRPC: unary calls of messages that were serialised beforehand, one channel and one connection per user."""

from typing import Any

import grpc
from grpc.experimental import gevent as grpc_gevent
from locust import User

from serveoff.loadtests.payloads import payload_for
from serveoff.loadtests.protocols.channel import Options, receiving
from serveoff.loadtests.recording.statuses import GRPC_STATUS, OK
from serveoff.loadtests.users import Answer, PredictUser

# Without this a call blocks all users of the process. Locust has patched the standard library by now.
grpc_gevent.init_gevent()

_OPTIONS: Options = (
    ("grpc.use_local_subchannel_pool", 1),  # else channels to one address share a single connection
    ("grpc.enable_retries", 0),  # a retry would hide a failure, and its time
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5000),  # how long a server may take to accept, despite the name
    ("grpc.max_reconnect_backoff_ms", 1000),
)


def options(most_bytes: int) -> Options:
    """Of a channel under load, whose answers have so many bytes at most."""
    return (*receiving(most_bytes), *_OPTIONS)


def call(send: Any, request: bytes, timeout_s: float) -> Answer:
    """A failed call has 1000 plus its code as status: 1014 is UNAVAILABLE, 1004 DEADLINE_EXCEEDED."""
    try:
        return OK, send(request, timeout=timeout_s)
    except grpc.RpcError as error:
        return GRPC_STATUS + error.code().value[0], (error.details() or "").encode()


class GrpcUser(PredictUser, User):  # type: ignore[misc]
    """A user whose requests and answers stay bytes: no stub, no message object on the way."""

    abstract = False
    _channel: grpc.Channel | None = None

    def on_start(self) -> None:
        """Open a channel; it connects with the first call."""
        target = self.load.target
        self._channel = grpc.insecure_channel(target.address, options=options(self.load.pool.most_answer_bytes))
        self._call = self._channel.unary_unary(payload_for("grpc", target.grpc_api).method)
        self._timeout_s = self.load.request_timeout_s
        super().on_start()

    def send(self, request: bytes) -> Answer:
        """Statuses are those of `call`."""
        return call(self._call, request, self._timeout_s)

    def disconnect(self) -> None:
        """Close the channel, and with it the connection."""
        if self._channel is not None:
            self._channel.close()
        self._channel = None

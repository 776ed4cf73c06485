"""TLS to attached endpoints: certificates and names of hosts are always verified."""

import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import grpc

from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.endpoints import Target
from serveoff.services.bounded_http import Connection

EXPIRED, NOT_YET_VALID, OTHER_HOST, OTHER_ADDRESS = 10, 9, 62, 64
"""Of X509_V_ERR_* in OpenSSL's x509_vfy.h."""
ADVICE: Final = {
    EXPIRED: "renew the certificate",
    NOT_YET_VALID: "check the clocks of both machines",
    OTHER_HOST: "give the host that the certificate is of in the URL",
    OTHER_ADDRESS: "give the host that the certificate is of in the URL",
}
UNKNOWN_AUTHORITY: Final = "name the PEM file of the authority that signed it: --ca-file"


def context(exchange: Exchange) -> ssl.SSLContext:
    """Trusts the exchange's authorities, or the system's; ValueError where what it has are no certificates."""
    try:
        return ssl.create_default_context(cadata=exchange.ca_pem or None)
    except ssl.SSLError as error:
        raise ValueError(f"the certificates of the authorities cannot be read: {error.reason}") from None


def name_of(target: Target, exchange: Exchange) -> str:
    """Whose certificate the server must have."""
    return exchange.server_name or target.host


def fault_of(error: ssl.SSLError) -> str:
    """What failed, in OpenSSL's words."""
    return error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error.reason or str(error)


def advice(code: int) -> str:
    """What to do about a certificate that OpenSSL refused with this code."""
    return ADVICE.get(code, UNKNOWN_AUTHORITY)


def channel(target: Target, exchange: Exchange, options: Sequence[tuple[str, Any]]) -> grpc.Channel:
    """A connection of gRPC to an endpoint, with TLS where the exchange asks for it."""
    address = f"[{target.host}]:{target.port}" if ":" in target.host else target.address
    if not exchange.tls:
        return grpc.insecure_channel(address, options=options)
    name = name_of(target, exchange)
    named = [] if name == target.host else [("grpc.ssl_target_name_override", name)]
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(_roots(exchange)), [*options, *named])


def try_to_connect(target: Target, exchange: Exchange, timeout_s: float) -> None:
    """Open a connection, as gRPC would, and close it; OSError where there is none to be had, with the reason."""
    with socket.create_connection((target.host, target.port), timeout_s) as connection:
        if exchange.tls:
            http2 = context(exchange)
            http2.set_alpn_protocols(["h2"])
            http2.wrap_socket(connection, server_hostname=name_of(target, exchange)).close()


def _roots(exchange: Exchange) -> bytes | None:
    """The authorities; gRPC has some of its own for a system whose are not in a file."""
    if exchange.ca_pem:
        return exchange.ca_pem.encode()
    file = ssl.get_default_verify_paths().cafile
    return Path(file).read_bytes() if file else None


class SecureConnection(Connection):
    """To `host:port`, over TLS."""

    default_port = 443

    def __init__(self, address: str, timeout_s: float, context: ssl.SSLContext, name: str) -> None:
        super().__init__(address, timeout_s)
        context.sslsocket_class = _Clocked
        self._context, self._name = context, name

    def connect(self) -> None:
        """OSError where nobody accepts within the time, ssl.SSLError where TLS fails."""
        super().connect()
        self.sock.settimeout(self.left_s())
        secure = self._context.wrap_socket(self.sock, server_hostname=self._name)
        assert isinstance(secure, _Clocked)
        secure.connection, self.sock = self, secure


class _Clocked(ssl.SSLSocket):
    """Waits for bytes no longer than until its connection's deadline."""

    connection: SecureConnection

    def recv_into(self, *args: Any) -> int:
        """As a socket's."""
        self.settimeout(self.connection.left_s())
        return super().recv_into(*args)

    def send(self, *args: Any) -> int:
        """As a socket's."""
        self.settimeout(self.connection.left_s())
        return super().send(*args)

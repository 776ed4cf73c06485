"""Whose an address is: of this machine, of its network, or of somebody else, who must have agreed."""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from typing import Final

from serveoff.errors import UsageError
from serveoff.measure.attached.urls import split
from serveoff.record.attached import AttachedEndpoint

ABROAD_RATE: Final = 50.0
"""Requests a second, at most, that a host outside this network is sent unless its owner allows more."""
GKE_SERVICES: Final = ipaddress.ip_network("34.118.224.0/20")
"""What Google's clusters number their Services from, each cluster the same: it leads nowhere outside of one.

Source: https://docs.cloud.google.com/kubernetes-engine/docs/concepts/alias-ips
"""


def cared_for(
    endpoints: Iterable[AttachedEndpoint], allowed: Sequence[str], max_rate: float | None
) -> list[AttachedEndpoint]:
    """The endpoints with the limits that their hosts call for.

    UsageError for a host that has no address, or that nobody said may be loaded.
    """
    return [_cared_for(endpoint, allowed, max_rate) for endpoint in endpoints]


def _cared_for(endpoint: AttachedEndpoint, allowed: Sequence[str], max_rate: float | None) -> AttachedEndpoint:
    host = split(endpoint.url).hostname or ""
    addresses = _addresses(endpoint, host)
    abroad = not all(_is_near(address) for address in addresses)
    if abroad and host not in allowed:
        raise UsageError(
            f"{endpoint.name} is on {host}, which is not of this machine or its network: a load test may harm it",
            f"if you may load it: --yes-i-may-load {host} ({ABROAD_RATE:g} requests/s at most, or --max-rate)",
        )
    own = [rate for rate in (endpoint.max_rate, max_rate) if rate is not None]
    rate = min(own) if own else ABROAD_RATE if abroad else None
    guarded = rate is not None or not all(address.is_loopback for address in addresses)
    return endpoint.model_copy(update={"max_rate": rate, "guarded": guarded})


def _addresses(endpoint: AttachedEndpoint, host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{endpoint.name}: the host {host} has no address: {text}", "check its name") from None
    return [ipaddress.ip_address(address.partition("%")[0]) for address in sorted(found)]


def _is_near(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Of this machine, or of a network that the internet does not reach."""
    private = address.is_private and not address.is_unspecified
    return address.is_loopback or address.is_link_local or private or address in GKE_SERVICES

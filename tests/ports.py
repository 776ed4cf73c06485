"""Free loopback ports for servers that a test starts."""

from serveoff.measure.runtimes.loopback_ports import free_port


def free_ports(count: int) -> list[int]:
    """So many free loopback ports, each another."""
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(free_port())
    return list(ports)

"""Free loopback ports for servers that a test starts."""

from serveoff.measure.runtimes.loopback_ports import free_port


def free_ports(count: int) -> list[int]:
    """So many free loopback ports, each another."""
    ports: list[int] = []
    while len(ports) < count:
        ports.append(free_port(taken=ports))
    return ports

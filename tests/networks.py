"""Networks of their own on one machine, as hosts have them: namespaces that a bridge joins, which needs root."""

import os
import shutil
import subprocess
from contextlib import ExitStack, contextmanager

import pytest

BRIDGE, HOST = "serveoff-test", "10.199.7.1"


@contextmanager
def namespaces(count):
    """Networks of their own, joined by a bridge: their names."""
    made = []

    def ip(*arguments):
        subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)

    try:
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("address", "add", f"{HOST}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for number in range(count):
            name, end = f"{BRIDGE}-{number}", f"so-test-{number}"
            ip("netns", "add", name)
            made.append(name)
            ip("link", "add", end, "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", end, "master", BRIDGE, "up")
            ip("-n", name, "address", "add", f"10.199.7.{number + 2}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
        yield made
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "delete", name], check=False)
        subprocess.run(["ip", "link", "delete", BRIDGE], check=False)


@contextmanager
def networks():
    """The names of four, or the test is skipped, loudly."""
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("SKIPPED LOUDLY: network namespaces need root and iproute2")
    with ExitStack() as stack:
        try:
            names = stack.enter_context(namespaces(4))
        except subprocess.CalledProcessError as error:
            pytest.skip(f"SKIPPED LOUDLY: no network namespaces here: {error.stderr}")
        yield names

"""What belongs to a project is made whole or not at all, and removed whole; no engine is needed for it."""

import os
import sys
from types import SimpleNamespace

import pytest
from docker.errors import APIError

from serveoff.interrupts import interruptible
from serveoff.measure.runtimes.containers.compose import Compose

INTERRUPTING = f"""#!{sys.executable}
import os, signal, sys, time
os.kill(os.getppid(), signal.SIGINT)
time.sleep(0.5)
print(os.getsid(0), sys.argv[-1], file=open(os.environ["MADE"], "w"))
"""


class Thing:
    """A container, network or volume that the engine refuses to remove for some times."""

    def __init__(self, refusals):
        self.refusals, self.removed = refusals, False

    def remove(self, **options):
        if self.refusals:
            self.refusals -= 1
            raise APIError("has active endpoints")
        self.removed = True


def kind(*things):
    return SimpleNamespace(list=lambda **filters: [thing for thing in things if not thing.removed])


def test_an_interrupt_waits_until_what_was_begun_is_made(tmp_path, monkeypatch):
    """Also one by Ctrl-C on a terminal, which reaches the whole session."""
    (tmp_path / "docker").write_text(INTERRUPTING)
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    compose = Compose(None, "project", (), {"MADE": str(tmp_path / "made")})
    with interruptible(), pytest.raises(KeyboardInterrupt):
        compose.output("up", "--no-start", "server")
    session, service = (tmp_path / "made").read_text().split()
    assert service == "server"
    assert int(session) != os.getsid(0)


def test_what_the_engine_refuses_to_remove_is_removed_once_it_can_be():
    container, network, volume = Thing(0), Thing(2), Thing(0)
    client = SimpleNamespace(containers=kind(container), networks=kind(network), volumes=kind(volume))
    Compose(client, "project", ()).remove()
    assert [thing.removed for thing in (container, network, volume)] == [True] * 3

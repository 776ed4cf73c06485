import os
import signal
import subprocess
import sys

import pytest

from serveoff.interrupts import interruptible, shielded


@pytest.fixture
def heard():
    """Hangups are heard here, though who runs the tests below `nohup` ignores them."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_becomes_keyboard_interrupt(signum):
    with interruptible(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signum)


def test_a_shield_holds_the_interrupt_back_until_its_body_has_ended():
    steps = []

    def critical():
        with shielded():
            os.kill(os.getpid(), signal.SIGINT)
            with shielded():
                steps.append("inner")
            steps.append("outer")
        steps.append("never")

    with interruptible(), pytest.raises(KeyboardInterrupt):
        critical()
    assert steps == ["inner", "outer"]


def test_the_former_handler_returns():
    before = signal.getsignal(signal.SIGINT)
    with interruptible():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_who_interrupts_what_is_shielded_reads_at_once_and_once_that_it_will_stop(capfd):
    def critical():
        with shielded():
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
            assert capfd.readouterr().err.count("interrupted: stopping") == 1

    with interruptible(), pytest.raises(KeyboardInterrupt):
        critical()


def test_who_interrupts_what_is_not_shielded_reads_it_at_once_and_once_too(capfd):
    with interruptible():
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
        assert capfd.readouterr().err.count("interrupted: stopping") == 1


def test_below_nohup_a_hangup_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_after_the_terminal_hung_up_what_is_printed_is_no_error():
    code = """
import os, signal
from serveoff.interrupts import interruptible
signal.signal(signal.SIGHUP, signal.SIG_DFL)
with interruptible():
    try:
        print("up", flush=True)
        signal.pause()
    except KeyboardInterrupt:
        print("saving", flush=True)
        raise SystemExit(7)
"""
    ours, theirs = os.openpty()
    process = subprocess.Popen([sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    assert os.read(ours, 2) == b"up"
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    assert process.wait(30) == 7

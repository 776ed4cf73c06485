import os
import signal

import pytest

from serveoff.interrupts import interruptible, shielded


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
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

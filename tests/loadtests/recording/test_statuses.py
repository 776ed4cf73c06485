"""Why there is no answer is a number of its own, and said in words."""

import errno

import pytest

from serveoff.loadtests.problems import WindowCode
from serveoff.loadtests.recording.recorder import failing
from serveoff.loadtests.recording.statuses import CUT_SHORT, NO_ANSWER, OK, TOO_MANY_FILES, in_words, without_answer

ERRORS = {
    "connection refused": ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
    "connection reset": ConnectionResetError(errno.ECONNRESET, "reset"),
    "timed out": TimeoutError("timed out"),
    "too many open files in the load generator": OSError(errno.EMFILE, "Too many open files"),
    "no answer": ValueError("no status line"),
}


@pytest.mark.parametrize("words", ERRORS)
def test_each_cause_has_its_words(words):
    status = without_answer(ERRORS[words])
    assert in_words(status) == words
    assert status in NO_ANSWER


def test_a_cause_of_any_subclass_is_told_by_its_kind():
    assert in_words(without_answer(OSError(errno.ENFILE, "of the system"))).startswith("too many")
    assert in_words(without_answer(OSError(errno.ECONNREFUSED, "connect"))) == "connection refused"
    assert in_words(without_answer(BrokenPipeError(errno.EPIPE, ""))) == "connection reset"
    assert OK not in NO_ANSWER


def test_a_generator_that_is_out_of_files_is_not_a_server_that_is_silent():
    assert failing(TOO_MANY_FILES, b"", 3.0).code is WindowCode.GENERATOR_FAILED
    silent = failing(CUT_SHORT, b"", 3.0)
    assert (silent.code, silent.text) == (WindowCode.SERVER_SILENT, "server stopped answering: no answer for 3.0 s")

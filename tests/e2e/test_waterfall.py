"""Where the time of real servers goes: what they say of themselves fits into what the client measured."""

import pyarrow.compute as pc
import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.server_signals import told
from serveoff.record.raw_rows import read_run_rows
from tests.command_line import MEASURED

pytestmark = [pytest.mark.slow, pytest.mark.alone]

SETTINGS = ["--profile", "quick", "--duration", "2.5", "--warmup", "0.3", "--rounds", "1", "--concurrency", "1"]
NAMES = ["flask-tuned-torchscript", "tfserving-savedmodel", "torchserve-torchscript", "inprocess-torchscript"]
SPREAD = 0.02
"""Beside the stated error: requests that one side counts and the other does not may be slower than the mean."""


@pytest.fixture(scope="module")
def finished(shared_cli):
    result = shared_cli.run("run", *NAMES, *SETTINGS, timeout=290)
    assert result.returncode in MEASURED, result.stderr
    return shared_cli


def measured(finished, name):
    """An endpoint's result, and the latencies of its windows by the raw rows."""
    result = finished.suite.endpoint(name)
    assert result.unavailable is None
    counted = pc.field("measured") & (pc.field("endpoint") == result.endpoint) & (pc.field("status") == 200)
    return result, read_run_rows(finished.run_folder).filter(counted).column("latency_s").to_pylist()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("server", "protocol", "parts"),
    [
        ("flask-tuned-torchscript", "rest", {"queue", "parse", "inference", "serialise"}),
        ("tfserving-savedmodel", "rest", {"parse", "inference"}),
        ("tfserving-savedmodel", "grpc", {"parse", "inference"}),
        ("torchserve-torchscript", "rest", {"queue", "parse", "inference", "serialise"}),
        ("torchserve-torchscript", "grpc", {"parse", "inference", "serialise"}),
    ],
)
def test_the_parts_fit_into_the_mean_latency(finished, server, protocol, parts):
    names = [e.endpoint for e in finished.suite.endpoints]
    name = next(n for n in names if n.replace("-embedded", "") == f"{server}-{protocol}")
    result, latency_s = measured(finished, name)
    said, whole_s = told(result, result.windows), sum(latency_s) / len(latency_s)
    assert set(said.parts_s) == parts
    assert all(value > 0 for value in said.parts_s.values())
    allowed = said.error_s(len(latency_s)) + SPREAD * whole_s
    assert sum(said.parts_s.values()) <= whole_s + allowed
    if (server, protocol) == ("torchserve-torchscript", "grpc"):
        assert said.total_s is None, "its frontend does not tell"
        return
    assert sum(said.parts_s.values()) <= said.total_s + allowed
    assert said.total_s <= whole_s + allowed


def test_flask_answers_with_a_header_for_each_request_and_its_parts_sum_to_its_total(finished):
    result, latency_s = measured(finished, "flask-tuned-torchscript-rest")
    said = told(result, result.windows)
    assert said.requests == len(latency_s)
    assert sum(said.parts_s.values()) == pytest.approx(said.total_s, abs=said.rounding_s)


def test_counters_count_the_requests_of_the_window(finished):
    for name in ("torchserve-torchscript-rest", "torchserve-torchscript-grpc"):
        result, latency_s = measured(finished, name)
        assert told(result, result.windows).requests == pytest.approx(len(latency_s), rel=0.2)


def test_what_is_shown_sums_to_the_mean_within_the_stated_error(finished):
    for found in compare(finished.run_folder).waterfall:
        if not found.beyond_s:
            assert abs(found.sum_s - found.whole_s) <= found.error_s + 0.01 * found.whole_s, found

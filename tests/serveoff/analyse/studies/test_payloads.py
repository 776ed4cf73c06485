"""The same input in several encodings, on a run whose truth is known."""

import pytest

from serveoff.analyse.analysis import compare
from serveoff.loadtests.payloads import payload_for
from serveoff.record.suite import load_suite
from serveoff.report.phrases.numbers import NONE, ms
from serveoff.report.sections import payloads
from serveoff.services.registry import read_registry
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.variant_runs import add_payload
from tests.serveoff.written_runs import save_run

ENDPOINT, OTHER = "flask-torchscript-rest", "flask-savedmodel-rest"
FLASK, TORCHSERVE = "flask-torchscript-rest", "torchserve-torchscript-rest"
SERVING = "tfserving-embedded-savedmodel-rest"
SERVERS = (FLASK, TORCHSERVE, SERVING)
SILENT = "tfserving-embedded-frozen-graph-rest"
"""Its page could not be read."""


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("r") / "run", Scenario(only=(ENDPOINT, OTHER), round_drift=0.0))
    add_payload(folder, ENDPOINT, "raw_tensor", speedup=1.5)
    return compare(folder)


def test_what_an_encoding_gains_is_found_beside_the_endpoint_s_own(comparison):
    own, raw = comparison.payloads
    assert (own.endpoint, own.payload, own.faster) == (ENDPOINT, "", None)
    assert (raw.payload, raw.request_bytes, raw.encode_s) == ("raw_tensor", 3136, 2e-6)
    assert raw.faster.value == pytest.approx(1.5, rel=0.01)
    assert "Raw bytes: TorchScript on Flask (REST) is" in payloads.sentence(comparison)


def test_the_ranking_is_by_each_endpoint_s_own_encoding(comparison):
    plain = comparison.entry(ENDPOINT)
    assert plain.alone.load.payload == ""
    assert [p.load.payload for p in plain.others] == ["raw_tensor"]


def test_every_encoding_of_the_registry_has_a_module():
    named = {(p, name) for d in read_registry(environ={}) for p, names in d.payloads.items() for name in names}
    assert ("rest", "raw_tensor") in named
    for protocol, name in named:
        if protocol != "call":
            assert payload_for(protocol, "", name).kind


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Servers that were sent JPEG files: two say what decoding took, one how long its graph ran, one nothing."""
    folder = write_run(tmp_path_factory.mktemp("r") / "run", Scenario(only=(*SERVERS, SILENT), round_drift=0.0))
    for endpoint in (*SERVERS, SILENT):
        add_payload(folder, endpoint, "image_jpeg", speedup=0.5)
    suite = load_suite(folder)
    for result in suite.endpoints:
        result.encodings = {"image_jpeg": "jpeg_file"}
        for window in result.windows:
            if window.payload == "image_jpeg" or result.endpoint == SERVING:
                _say_decoding(result.server, window)
    save_run(folder, suite)
    return compare(folder)


def _say_decoding(server, window):
    count = window.requests
    if server == "flask":
        window.timed, window.timings_s = count, {"total": 0.004, "parse": 0.003, "decode": 0.0025}
    elif server == "torchserve":
        labels = '{ModelName="m",Level="Model",}'
        window.counters = {
            f"handler_requests_total{labels}": count,
            f"handler_parse_microseconds{labels}": 3000.0 * count,
            f"handler_decode_microseconds{labels}": 2200.0 * count,
        }
    else:
        run = '{model_name="m",API="Predict",runtime="TF1"}'
        took_us = 2400.0 + 100.0 * (window.start % 2) if window.payload else 700.0
        window.counters = {
            f":tensorflow:serving:runtime_latency_sum{run}": took_us * count,
            f":tensorflow:serving:runtime_latency_count{run}": count,
        }


def test_what_decoding_a_picture_cost_each_server_is_shown_apart(pictures):
    decode_s = {e.endpoint: e.decode_s for e in pictures.payloads if e.encoding == "jpeg_file"}
    assert decode_s == {
        FLASK: pytest.approx(0.0025),
        TORCHSERVE: pytest.approx(0.0022),
        SERVING: pytest.approx(_longer_s(pictures)),
        SILENT: None,
    }
    by_start_s = {e.endpoint: e.decode_starts_s for e in pictures.payloads if e.encoding == "jpeg_file"}
    assert by_start_s[FLASK] == by_start_s[TORCHSERVE] == by_start_s[SILENT] == ()
    least, *_, largest = by_start_s[SERVING]
    assert (least, largest) == (pytest.approx(0.0017), pytest.approx(0.0018)), "a difference of each start"
    assert {e.decode_s for e in pictures.payloads if e.encoding != "jpeg_file"} == {None}
    table = payloads.payloads(pictures)
    cells = _column(table, "Decoding")
    longer = ms(_longer_s(pictures))
    assert sorted(cell.text for cell in cells) == sorted(["2.50", "2.20", longer, "in the graph", *[NONE] * 4])
    assert {cell.text: cell.small.partition(", ")[0] for cell in cells if "starts" in cell.small} == {
        longer: "starts 1.70 to 1.80"
    }
    assert "as the server reports it" in table.caption
    assert "how much longer it ran, with the range over starts" in table.caption


def test_without_pictures_no_column_tells_of_decoding(comparison):
    assert "Decoding" not in [column.title for column in payloads.payloads(comparison).columns]


def _longer_s(pictures):
    """By how much longer the graph of SERVING was said to run: 1.7 or 1.8 ms, by start, over the requests of all."""
    windows = [w for w in pictures.suite.endpoint(SERVING).windows if w.payload]
    return sum((1.7 + 0.1 * (w.start % 2)) * w.requests for w in windows) / sum(w.requests for w in windows) / 1e3


def _column(table, name):
    at = [column.title for column in table.columns].index(name)
    return [row[at] for _, rows in table.groups for row in rows]

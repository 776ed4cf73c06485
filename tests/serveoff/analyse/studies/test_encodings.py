"""The payload matrix and its two rankings, on a run whose truth is known."""

import json

import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.studies import encodings
from serveoff.loadtests.payloads import payload_for
from serveoff.record.endpoint_results import Gate
from serveoff.record.problems import GateCode
from serveoff.record.suite import load_suite
from serveoff.report.formats import csv, markdown
from serveoff.report.formats import json as json_form
from serveoff.report.phrases.names import ENCODINGS, PAYLOADS
from serveoff.report.sections import latency, payloads
from serveoff.services.registry import read_registry
from tests.serveoff.problems import problem
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.variant_runs import add_payload
from tests.serveoff.written_runs import save_run

TORCHSCRIPT, SAVEDMODEL = "flask-tuned-torchscript-rest", "flask-tuned-savedmodel-rest"
SERVING_REST, SERVING_GRPC = "tfserving-embedded-savedmodel-rest", "tfserving-embedded-savedmodel-grpc"
TORCH_REST, TORCH_GRPC = "torchserve-torchscript-rest", "torchserve-torchscript-grpc"
ALL = (TORCHSCRIPT, SAVEDMODEL, SERVING_REST, SERVING_GRPC, TORCH_REST, TORCH_GRPC)
SCENARIO = Scenario(only=ALL, round_drift=0.0, concurrencies=(1,), native=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("r") / "run", SCENARIO)
    add_payload(folder, TORCHSCRIPT, "raw_tensor", speedup=1.5)
    add_payload(folder, TORCHSCRIPT, "json_base64", speedup=1.2)
    add_payload(folder, SAVEDMODEL, "json_base64", speedup=1.3)
    add_payload(folder, SERVING_GRPC, "grpc_tfserving_bytes", speedup=2.0)
    add_payload(folder, SERVING_REST, "json_base64", speedup=1.0)
    add_payload(folder, TORCH_GRPC, "grpc_torchserve_json", speedup=0.5)
    suite = load_suite(folder)
    refused = problem(GateCode.NO_ANSWER, "golden input 3: status 400")
    wrong = Gate(passed=False, checked=3, max_abs_error=None, top1_agreement=None, problem=refused)
    suite.endpoint(SAVEDMODEL).encoding_gates = {"raw_tensor": wrong}
    save_run(folder, suite)
    return folder


@pytest.fixture(scope="module")
def comparison(folder):
    return compare(folder)


def states(comparison, deployment):
    return {c.encoding: c.state for c in comparison.encodings.matrix if c.deployment == deployment}


def test_the_matrix_has_no_hole(comparison):
    assert {c.deployment for c in comparison.encodings.matrix} == {
        *(
            "flask-tuned-torchscript",
            "flask-tuned-savedmodel",
            "tfserving-embedded-savedmodel",
            "torchserve-torchscript",
        )
    }
    over_grpc = {"tensor": "not taken", "bytes": "not taken", "grpc_json": "not taken"}
    assert (
        states(comparison, "flask-tuned-torchscript")
        == dict.fromkeys(("json", "base64", "raw"), "measured") | over_grpc
    )
    assert states(comparison, "flask-tuned-savedmodel")["raw"] == "failed"
    assert states(comparison, "tfserving-embedded-savedmodel") == {
        "json": "measured",
        "base64": "measured",
        "raw": "not taken",
        "tensor": "measured",
        "bytes": "measured",
        "grpc_json": "not taken",
    }
    assert states(comparison, "torchserve-torchscript") == {
        "json": "measured",
        "base64": "not measured",
        "raw": "not measured",
        "tensor": "not taken",
        "bytes": "measured",
        "grpc_json": "measured",
    }


def test_best_payload_each_is_a_ranking_of_its_own(comparison):
    best = [(p.encoded.endpoint, p.encoded.encoding) for p in comparison.encodings.best]
    assert best == [
        (TORCHSCRIPT, "raw"),
        (SERVING_GRPC, "bytes"),
        (SAVEDMODEL, "base64"),
        (SERVING_REST, "json"),
        (TORCH_GRPC, "bytes"),
        (TORCH_REST, "json"),
    ]
    main = [e.name for e in comparison.entries if e.rank]
    assert main == [TORCHSCRIPT, SAVEDMODEL, SERVING_GRPC, SERVING_REST, TORCH_GRPC, TORCH_REST]
    assert not any(p.tied_above for p in comparison.encodings.best)


def test_the_best_payload_is_the_best_of_its_table(comparison):
    """Though a gain is not clear: 'best' beside a quicker figure contradicts itself."""
    groups = {}
    for encoded in comparison.payloads:
        groups.setdefault(encoded.endpoint, []).append(encoded)
    best = {p.encoded.endpoint: p.encoded for p in comparison.encodings.best}
    for endpoint, group in groups.items():
        assert best[endpoint] is min(group, key=lambda e: e.point.p50_s.value)


def test_where_the_own_encoding_does_not_count_there_is_no_best(tmp_path):
    folder = write_run(tmp_path / "run", Scenario(only=(TORCHSCRIPT,), concurrencies=(1,)))
    add_payload(folder, TORCHSCRIPT, "raw_tensor", speedup=1.5)
    suite = load_suite(folder)
    for window in suite.endpoint(TORCHSCRIPT).windows:
        if window.load.plain:
            window.errors = window.requests // 2
    save_run(folder, suite)
    comparison = compare(folder)
    assert comparison.encodings.best == ()
    assert payloads.matrix(comparison).rows[0][1].text == "INVALID"


def test_equal_endpoints_are_tied(tmp_path):
    """Medians that are 1.566 times apart: sped up so, they are the same."""
    scenario = Scenario(only=(TORCHSCRIPT, SAVEDMODEL), concurrencies=(1,), speedup={SAVEDMODEL: 1.566})
    folder = write_run(tmp_path / "run", scenario)
    for endpoint in (TORCHSCRIPT, SAVEDMODEL):
        add_payload(folder, endpoint, "raw_tensor", speedup=2.0)
    found = compare(folder).encodings
    assert [p.tied_above for p in found.best] == [False, True]
    assert {p.encoded.encoding for p in found.best} == {"raw"}


def test_sizes_and_costs_have_their_counts(comparison):
    raw = next(e for e in comparison.payloads if e.encoding == "raw")
    assert (raw.request_bytes, raw.answer_bytes, raw.encode_s, raw.encodes) == (3136, 214, 2e-6, 64), (
        "one pool, whatever used it"
    )


def test_a_run_without_other_encodings_has_no_matrix(tmp_path):
    comparison = compare(write_run(tmp_path / "run", SCENARIO))
    assert comparison.payloads == ()
    assert comparison.encodings.matrix == comparison.encodings.best == ()
    assert "## Payloads" not in markdown.render(comparison)


def test_an_older_run_that_did_not_record_what_is_taken_says_not_measured(folder, tmp_path):
    suite = load_suite(folder)
    for endpoint in suite.endpoints:
        endpoint.encodings, endpoint.taken, endpoint.encoding_gates = {}, [], {}
    (tmp_path / "rows").symlink_to((folder / "rows").resolve())
    save_run(tmp_path, suite)
    comparison = compare(tmp_path)
    assert "not taken" not in {c.state for c in comparison.encodings.matrix}
    assert states(comparison, "flask-tuned-savedmodel")["raw"] == "not measured"
    assert {e.encoding for e in comparison.payloads if e.payload == "raw_tensor"} == {"raw"}


def test_every_figure_of_the_matrix_has_its_interval_and_count(comparison):
    table = payloads.matrix(comparison)
    assert [c.title for c in table.columns][1:] == [
        *("JSON list", "base64 in JSON", "raw bytes", "gRPC tensor", "gRPC raw bytes", "JSON list over gRPC")
    ]
    assert {row[0].text for row in table.rows} == {"TorchScript", "SavedModel"}
    point = comparison.entry(TORCHSCRIPT).alone
    cell = next(row for row in table.rows if row[0].small == "tuned Flask" and row[0].text == "TorchScript")[1]
    assert cell.text == f"{point.p50_s.value * 1e3:.3f}"
    assert cell.small.endswith(f"n={point.samples:,}")
    assert "–" in cell.small
    failed = next(row for row in table.rows if row[0].small == "tuned Flask" and row[0].text == "SavedModel")[3]
    assert (failed.text, failed.small) == ("gate failed", "golden input 3: status 400")


def test_every_endpoint_s_points_name_its_payload_and_its_size(comparison):
    titles = [title.split(", ")[-1].split(" (")[0] for title, _ in latency.points(comparison).groups]
    assert titles == ["JSON list", "JSON list", "gRPC tensor", "JSON list", "gRPC raw bytes", "JSON list"]
    assert all("kB" in title for title, _ in latency.points(comparison).groups)


def test_the_sentences_name_the_gain_and_the_leader(comparison):
    assert payloads.sentence(comparison).startswith("gRPC raw bytes: SavedModel on TensorFlow Serving (gRPC) is ")
    best = payloads.best_sentence(comparison)
    assert best.startswith(
        "With the best payload each, TorchScript on tuned Flask (REST) (raw bytes) leads at the median"
    )
    assert "SavedModel on TensorFlow Serving (gRPC) (gRPC raw bytes) second" in best


def test_json_csv_and_markdown_carry_the_same(comparison):
    document = json.loads(json_form.render(comparison))["encodings"]
    assert len(document["matrix"]) == 4 * 6
    measured = next(
        c for c in document["matrix"] if c["deployment"] == "flask-tuned-torchscript" and c["encoding"] == "raw"
    )
    raw = next(e for e in comparison.payloads if e.encoding == "raw")
    assert measured["p50_s"]["value"] == raw.point.p50_s.value
    assert measured["samples"] == raw.point.samples
    assert [p["endpoint"] for p in document["best"]] == [p.encoded.endpoint for p in comparison.encodings.best]
    text = markdown.render(comparison)
    for table in (payloads.matrix, payloads.payloads):
        assert markdown.table(table(comparison)) in text
    lines = csv.render(comparison).splitlines()
    at = lines[0].split(",").index("encodes")
    assert {line.split(",")[at] for line in lines[1:] if "raw_tensor" in line} == {"64"}


def test_every_encoding_of_the_registry_has_its_words():
    for deployment in read_registry(environ={}):
        for protocol, names in deployment.payloads.items():
            for name in names if protocol != "call" else ():
                kind = payload_for(protocol, "", name).kind
                assert ENCODINGS[name] == PAYLOADS[kind]
                assert kind in encodings.ORDER

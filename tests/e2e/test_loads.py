"""One run with loads of every kind beside the plain ones: open loop, search, batch, payload, variant."""

import json

import pytest

from serveoff.measure.open_loops import CEILING_PROBES, best_closed_rate
from tests.command_line import MEASURED

pytestmark = pytest.mark.slow
ENDPOINT, VARIANT = "flask-tuned-torchscript-rest", "flask-tuned-torchscript.workers-2-rest"


@pytest.fixture(scope="module")
def run(shared_cli):
    options = ("--duration", "0.7", "--warmup", "0.2", "--rounds", "2", "--concurrency", "1,4", "--open", "40")
    more = ("--objective", "p90:50ms", "--batches", "8", "--payloads", "--vary", "workers=2@flask-tuned-torchscript")
    result = shared_cli.run("run", "flask-tuned-torchscript", "flask-tuned-null", "--profile", "quick", *options, *more)
    assert result.returncode in MEASURED, result.stderr
    return shared_cli


def windows(run, endpoint):
    return run.suite.endpoint(endpoint).windows


def test_every_load_was_measured_and_those_of_the_race_in_every_round(run):
    for round_ in (1, 2):
        mine = [w for w in windows(run, ENDPOINT) if w.round == round_ and not w.search]
        closed = {w.load.text for w in mine if w.load.closed}
        assert closed == ({"1", "4", "1/json_base64", "1/raw_tensor", "1x8"} if round_ == 1 else {"1", "4"})
        assert [w.arrivals for w in mine if not w.load.closed] == ["poisson"]
    assert all(w.errors == 0 and w.wrong_answers == 0 < w.answers_checked for w in windows(run, ENDPOINT))


def test_the_rate_of_the_open_loop_is_the_same_in_every_round(run):
    rates = {w.rate for w in windows(run, ENDPOINT) if w.arrivals == "poisson" and not w.search}
    assert len(rates) == 1
    assert rates.pop() == pytest.approx(0.4 * best_closed_rate(run.suite.endpoint(ENDPOINT)), rel=0.01)


def test_the_search_made_its_probes_in_every_round(run):
    probes = [w for w in windows(run, ENDPOINT) if w.search]
    assert len(probes) == 2 * 5
    assert all(w.requests > 0 for w in probes)


def test_encodings_carry_what_they_say(run):
    sizes = {w.payload: w.request_bytes for w in windows(run, ENDPOINT) if w.load.closed and w.batch == 1}
    assert sizes["raw_tensor"] == 28 * 28 * 4 < sizes["json_base64"] < sizes[""]
    assert {name for name, found in run.suite.endpoint(ENDPOINT).encoding_gates.items() if found.passed} == {
        "json_base64",
        "raw_tensor",
    }
    assert all(w.encode_s > 0 for w in windows(run, ENDPOINT))


def test_a_variant_is_measured_beside_its_base(run):
    variant = run.suite.endpoint(VARIANT)
    assert (variant.variant, variant.base) == ("workers=2", ENDPOINT)
    assert {w.load.text for w in variant.windows} == {"1", "4"}
    assert variant.gate.passed


def test_variants_have_plain_windows_only(run):
    assert all(w.arrivals == "closed" for w in windows(run, VARIANT))


def test_null_tells_once_what_the_load_generator_can_drive(run):
    probes = [w for w in windows(run, "flask-tuned-null-rest") if w.arrivals != "closed"]
    assert {(w.round, w.search, w.arrivals) for w in probes} == {(1, True, "poisson")}
    assert len(probes) == CEILING_PROBES
    (folder,) = (run.folder / "reports").iterdir()
    found = json.loads((folder / "report.json").read_text())["calibration"]["open_loop"]
    assert len(found["capacity"]["probes"]) == CEILING_PROBES


def test_the_report_has_all_of_it(run):
    (folder,) = (run.folder / "reports").iterdir()
    document = json.loads((folder / "report.json").read_text())
    (capacity,) = document["capacity"]
    assert capacity["endpoint"] == ENDPOINT
    assert {p["payload"] for p in document["payloads"]} == {"", "json_base64", "raw_tensor"}
    assert {c["variant"] for c in document["settings_changed"]} == {"workers=2"}
    page = (folder / "report.html").read_text()
    assert all(f'id="{name}"' in page for name in ("capacity", "payloads", "variants"))

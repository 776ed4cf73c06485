"""TensorBoard's own reader finds the figures of the JSON report in the event files."""

import json
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from serveoff.analyse.analysis import compare
from serveoff.loadtests.loads import closed
from serveoff.record.suite import load_suite
from serveoff.report import FORMATS, write_all
from serveoff.report.formats import tensorboard
from tests.serveoff.report.conftest import HOSTILE
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.written_runs import rows_by_slice

DEAD, UNSAFE = "flask-savedmodel-rest", f"../{HOSTILE}"
FAULTS = Faults(killed=[DEAD], gate_failed=["flask-torch-eager-rest"], renamed={"flask-keras-eager-rest": UNSAFE})
TAGS = {
    "latency_ms/p50": ("p50_s", 1e3),
    "latency_ms/p90": ("p90_s", 1e3),
    "latency_ms/p99": ("p99_s", 1e3),
    "throughput/requests_per_s": ("throughput", 1),
    "cost/cpu_ms_per_request": ("cpu_per_request_s", 1e3),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("tensorboard") / "run", Scenario(slice_s=0.12), FAULTS)


@pytest.fixture(scope="module")
def written(run):
    comparison = compare(run)
    paths = write_all(comparison, run.parent / "report", ["json", "tensorboard"], run)
    return json.loads(paths["json"].read_text()), paths["tensorboard"]


@pytest.fixture(scope="module")
def read():
    """TensorBoard's reader, told to do without TensorFlow, as where there is none."""
    sys.modules.setdefault("tensorboard.compat.notf", ModuleType("notf"))
    from tensorboard.backend.event_processing.event_accumulator import HISTOGRAMS, EventAccumulator

    def events(folder):
        found = EventAccumulator(str(folder), size_guidance={HISTOGRAMS: 0})
        found.Reload()
        return found

    return events


def test_scalars_over_callers_are_the_figures_of_the_json_report(written, read):
    document, folder = written
    for entry in document["entries"]:
        valid = [point for point in entry["points"] if point["valid"]]
        if not valid:
            continue
        found = read(folder / tensorboard.folder_name(entry["result"]["endpoint"]))
        for tag, (name, factor) in TAGS.items():
            expected = {p["concurrency"]: p[name]["value"] * factor for p in valid if p[name]["value"] is not None}
            seen = {event.step: event.value for event in found.Scalars(tag)} if expected else {}
            assert seen == pytest.approx(expected, rel=1e-6), (entry["result"]["endpoint"], tag)
        assert [event.value for event in found.Scalars("samples/answered_requests")] == [p["samples"] for p in valid]


def test_the_histogram_holds_every_answered_request_of_the_fewest_callers(run, written, read):
    found = read(written[1] / "flask-torchscript-rest").Histograms(tensorboard.HISTOGRAM)
    windows = load_suite(run).endpoint("flask-torchscript-rest").windows_of(closed(1))
    rows = rows_by_slice(run)
    latency = np.concatenate([rows[window.number]["latency_s"] for window in windows]) * 1e3
    (event,) = found
    shown = event.histogram_value
    assert event.step == 1
    assert (shown.num, sum(shown.bucket)) == (latency.size, latency.size)
    assert (shown.min, shown.max, shown.sum) == pytest.approx((latency.min(), latency.max(), latency.sum()))
    below = np.searchsorted(np.sort(latency), shown.bucket_limit, side="left")
    assert np.abs(np.cumsum(shown.bucket) - below).max() <= 1


def test_points_that_do_not_count_are_left_out(written, read):
    document, folder = written
    (dead,) = (entry for entry in document["entries"] if entry["result"]["endpoint"] == DEAD)
    assert {p["concurrency"] for p in dead["points"] if not p["valid"]} == {16}
    assert [event.step for event in read(folder / DEAD).Scalars("latency_ms/p50")] == [1, 4]
    assert not (folder / "flask-torch-eager-rest").exists()


def test_no_name_leads_out_of_the_folder_and_no_host_is_named(written):
    _, folder = written
    names = {path.name for path in folder.iterdir()}
    assert tensorboard.folder_name(UNSAFE) in names
    assert all(path.parent.parent == folder for path in folder.rglob("events.*"))
    assert {path.name.split(".", 4)[4] for path in folder.rglob("events.*")} == {"serveoff"}
    assert len({tensorboard.folder_name(name) for name in ("a/b", "a:b", "a_b")}) == 3


def test_writing_again_leaves_one_file_per_endpoint(run, written):
    write_all(compare(run), run.parent / "report", ["tensorboard"], run)
    assert all(len(list(folder.iterdir())) == 1 for folder in written[1].iterdir())


def test_it_is_written_on_request_only_and_needs_the_rows(run, tmp_path):
    comparison = compare(run)
    assert "tensorboard" not in FORMATS
    assert {path.suffix for path in write_all(comparison, tmp_path).values()} == {".html", ".md", ".csv", ".json"}
    with pytest.raises(ValueError, match="raw rows"):
        write_all(comparison, tmp_path, ["tensorboard"])


def test_no_framework_is_loaded():
    code = "import sys, serveoff.report.formats.tensorboard; print({'torch', 'tensorflow', 'keras'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

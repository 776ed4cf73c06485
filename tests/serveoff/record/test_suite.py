import json
import math

import pytest

from serveoff.record.endpoint_results import LayerProbe
from serveoff.record.reading import ResultsError
from serveoff.record.suite import SUITE_NAME, began, load_suite, save_suite
from tests.serveoff.synthetic import Faults, Scenario, write_run


@pytest.mark.parametrize("version", [1, 3])
def test_a_run_of_another_version_is_refused_with_the_next_step(tmp_path, version):
    folder = write_run(tmp_path / "run", Scenario(only=("flask-tuned-null-rest",)))
    suite = json.loads((folder / SUITE_NAME).read_text())
    (folder / SUITE_NAME).write_text(json.dumps(suite | {"schema_version": version}))
    with pytest.raises(
        ResultsError, match=rf"is of version {version}, and this serveoff reads version 4: measure again"
    ):
        load_suite(folder)


def test_when_a_run_began_is_told_by_its_file_and_not_by_its_name(tmp_path):
    for name, moment in (("a", "2026-01-02T00:30:00+02:00"), ("b", "2026-01-01T23:00:00+00:00"), ("c", "yesterday")):
        (tmp_path / name).mkdir()
        (tmp_path / name / SUITE_NAME).write_text(json.dumps({"started_at": moment, "else": []}))
    assert sorted("abcd", key=lambda name: (began(tmp_path / name), name)) == ["c", "d", "a", "b"]


def test_layer_values_that_are_no_numbers_survive_the_file(tmp_path):
    suite = load_suite(write_run(tmp_path / "run", Scenario(slice_s=0.1)))
    suite.endpoints[0].layers = LayerProbe(layer="mask", outcome="answered", values=[-math.inf, math.nan, 1.0])
    save_suite(tmp_path / "run", suite)
    kept = load_suite(tmp_path / "run").endpoints[0].layers.values
    assert kept == pytest.approx([-math.inf, math.nan, 1.0], nan_ok=True)


def test_versions_of_what_served_are_those_inside_the_images(tmp_path):
    inside = {"versions": {"python": "3.11.2", "torch": "2.12.0"}}
    run = write_run(
        tmp_path / "run",
        Scenario(only=("flask-torchscript-rest",), runtime="docker"),
        Faults(containers={"flask-torchscript": inside}),
    )
    suite = load_suite(run)
    machine = suite.environment.versions
    assert suite.versions == machine | inside["versions"]
    assert machine["torch"] != "2.12.0", "a resume compares this machine's software with this machine's"

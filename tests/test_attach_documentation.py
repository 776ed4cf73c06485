"""docs/attach.md tells the truth: its URLs are read as it says, and its three templates speak three APIs alike."""

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from serveoff.loadtests.attached.dialects import dialect, names
from serveoff.measure.attached.urls import parse_url, read_file
from serveoff.models.agreement import compare
from serveoff.record.attached import AttachedEndpoint
from serveoff.report.phrases.names import DIALECTS

TEXT = (Path(__file__).parent.parent / "docs" / "attach.md").read_text()
(EXAMPLES,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
URLS = re.findall(r"^\| `(\S+://\S+/\S+)` \| (.+?) \|$", TEXT, re.MULTILINE)
ROW = {"features": np.array([[0.5, 2.0]])}
SPOKEN = {
    "own": (
        {"features": [0.5, 2.0], "explain": False},
        {"result": {"scores": [0.25, 0.75]}, "took_ms": 3},
    ),
    "mlflow": ({"inputs": {"features": [[0.5, 2.0]]}}, {"predictions": [[0.25, 0.75]]}),
    "seldon": ({"data": {"ndarray": [[0.5, 2.0]]}}, {"data": {"ndarray": [[0.25, 0.75]]}, "meta": {"puid": "x"}}),
}
"""What each service is sent, and what it answers."""


@pytest.fixture
def examples(tmp_path):
    path = tmp_path / "endpoints.toml"
    path.write_text(EXAMPLES)
    return {endpoint.name: endpoint for endpoint in read_file(path)}


@pytest.mark.parametrize(("url", "said"), URLS)
def test_a_url_is_read_as_its_api(url, said):
    found = parse_url(f"prod={url}").dialect
    assert said.startswith(DIALECTS[found])
    assert ("gRPC" in said) == (dialect(found).protocol == "grpc")


def test_every_api_has_a_url_and_a_name_for_people():
    assert {parse_url(f"prod={url}").dialect for url, _ in URLS} == set(names()) - {"json"}
    assert set(DIALECTS) == set(names())
    assert {name for name in names() if f"`{name}`" not in TEXT} == set()


def test_the_templates_are_sent_and_read_as_the_services_have_it(examples):
    readings = []
    for name, (sent, answered) in SPOKEN.items():
        endpoint = examples[name]
        speaks = dialect(endpoint.dialect)
        assert json.loads(speaks.encode("", ROW, endpoint.template)) == sent
        readings.append(speaks.read(json.dumps(answered).encode(), endpoint.answer))
    for reading in readings:
        assert compare(reading, readings[0]).error.max() == 0


def test_the_keys_of_a_file_are_those_that_are_documented():
    keys = {"request" if name == "template" else name for name in AttachedEndpoint.model_fields}
    documented = {
        key for row in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", TEXT, re.MULTILINE) for key in row.split(", ")
    }
    assert documented == {f"`{key}`" for key in keys - {"name", "guarded"}}


def test_the_example_holds_no_secret():
    assert "${SCORE_TOKEN}" in str(tomllib.loads(EXAMPLES)["own"]["headers"])

"""Locust's start page: what it asks for. Locust replaces parts of Python, and so has a process of its own."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json
import locust
from locust.argument_parser import LocustArgumentParser
from serveoff.loadtests import options
from serveoff.loadtests.users import PredictUser

options.running = lambda: []
parser = LocustArgumentParser()
options.add_options(parser)
endpoint = parser.args_included_in_web_ui["endpoint"]
print(json.dumps({
    "first": next(iter(endpoint.choices)),
    "default": endpoint.default,
    "required": list(parser.required_args_included_in_web_ui),
    "label": endpoint.help,
    "host": PredictUser.host,
}))
"""


@pytest.fixture(scope="module")
def page():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_an_endpoint_has_to_be_chosen(page):
    assert page["first"] == page["default"] == "", "none is chosen at first"
    assert "endpoint" in page["required"], "it stands in view, and not among custom parameters"
    assert len(page["label"]) < 20


def test_no_host_has_to_be_given(page):
    assert page["host"]

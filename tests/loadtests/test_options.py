"""Locust's start page: what it asks for."""

from locust.argument_parser import LocustArgumentParser

from serveoff.loadtests import options
from serveoff.loadtests.users import PredictUser


def test_an_endpoint_has_to_be_chosen(monkeypatch):
    monkeypatch.setattr(options, "running", lambda: [])
    parser = LocustArgumentParser()
    options.add_options(parser)
    endpoint = parser.args_included_in_web_ui["endpoint"]
    assert next(iter(endpoint.choices)) == endpoint.default == "", "none is chosen at first"
    assert "endpoint" in parser.required_args_included_in_web_ui, "it stands in view, and not among custom parameters"
    assert len(endpoint.help) < 20


def test_no_host_has_to_be_given():
    assert PredictUser.host

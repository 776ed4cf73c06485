"""Runs of attached endpoints in a summary: each endpoint by the name that its user gave it."""

from serveoff.analyse.across_models.study import study
from serveoff.report.across_models.contents import beside, document
from serveoff.report.formats import markdown


def test_endpoints_that_already_run_go_by_their_names(attached_analysis):
    found = markdown.page(document(study("summary", [attached_analysis("slower")], {}), beside))
    assert "than canary" in found
    assert "canary against prod" in found
    assert "REST (REST)" not in found

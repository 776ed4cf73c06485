"""What a report says of the GPUs of its machine."""

from dataclasses import replace

import pytest

from serveoff.analyse.analysis import compare
from serveoff.report.sections.run.environment import environment
from tests.serveoff.synthetic import Scenario, write_run

ONLY = ("flask-torchscript-rest",)
RECORDED = (["NVIDIA L4"] * 2 + ["NVIDIA T4"], "2 × NVIDIA L4, NVIDIA T4")


@pytest.mark.parametrize(
    ("device", "recorded", "said"),
    [("cpu", [], "none"), ("cuda", [], "not recorded"), ("cuda", *RECORDED), ("cpu", *RECORDED)],
)
def test_it_names_them_and_says_none_only_where_nothing_computed_on_one(tmp_path, device, recorded, said):
    found = compare(write_run(tmp_path / "run", Scenario(slice_s=0.03, rounds=2, only=ONLY, device=device)))
    machine = found.suite.environment.machine.model_copy(update={"accelerators": recorded})
    known = found.suite.environment.model_copy(update={"machine": machine})
    shown = environment(replace(found, suite=found.suite.model_copy(update={"environment": known})))
    assert next(fact.text for fact in shown if fact.term == "Accelerators") == said

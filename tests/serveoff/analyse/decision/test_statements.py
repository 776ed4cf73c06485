"""What is said of the recommended contender, on runs whose truth is known."""

from dataclasses import replace

import pytest

from serveoff.analyse.analysis import analyse
from serveoff.analyse.decision.statements import MOST, Group
from serveoff.analyse.evidence import LATENCY
from tests.serveoff.synthetic import Faults, Scenario, write_run

BEST, EAGER, KERAS, TORCHSERVE, GRPC = (
    "flask-torchscript-rest",
    "flask-torch-eager-rest",
    "flask-keras-eager-rest",
    "torchserve-torchscript-rest",
    "torchserve-torchscript-grpc",
)
FEW = Scenario(only=(BEST, KERAS, TORCHSERVE, GRPC), round_drift=0.0)
NEXT = Group("next", GRPC)
SERVER, FORM = Group("server", "torchserve"), Group("eager", "keras_eager")


@pytest.fixture(scope="module")
def analysis(tmp_path_factory):
    return analyse(write_run(tmp_path_factory.mktemp("r") / "run", FEW))


def by_group(analysis):
    return {statement.group: statement for statement in analysis.comparison.decision.statements}


def test_the_next_fastest_comes_first_and_what_that_implies_is_not_said_again(analysis):
    assert list(by_group(analysis)) == [NEXT, FORM], (
        "that TorchServe is slower is implied: its gRPC is the next fastest"
    )


def test_a_server_comes_before_an_eager_form(tmp_path):
    found = by_group(analyse(write_run(tmp_path / "run", replace(FEW, only=(*FEW.only, "flask-savedmodel-rest")))))
    assert list(found) == [Group("next", "flask-savedmodel-rest"), SERVER, FORM]


def test_the_ratio_is_the_pair_s_with_the_best_of_the_group(tmp_path):
    analysis = analyse(write_run(tmp_path / "run", replace(FEW, only=(*FEW.only, "flask-savedmodel-rest"))))
    said, entry = by_group(analysis)[SERVER], analysis.comparison.entry
    pairs = {n: analysis.evidence.pair(LATENCY, entry(BEST).alone, entry(n).alone) for n in (GRPC, TORCHSERVE)}
    assert (said.objective, said.endpoints) == ("latency", (GRPC, TORCHSERVE))
    assert said.ratio == pairs[GRPC].ratio
    assert said.ratio.value < pairs[TORCHSERVE].ratio.value
    assert said.ratio.low <= 2.91 / 0.63 <= said.ratio.high


def test_of_a_group_with_an_undecided_member_nothing_is_said(tmp_path):
    near = replace(FEW, only=(BEST, EAGER, KERAS), round_drift=0.05)
    analysis = analyse(write_run(tmp_path / "run", near))
    assert Group("eager", "torch_eager") not in by_group(analysis)
    assert FORM in by_group(analysis)


def test_of_a_group_with_an_invalid_member_nothing_is_said(tmp_path):
    found = analyse(write_run(tmp_path / "run", FEW, Faults(saturated=[GRPC])))
    assert not found.comparison.entry(GRPC).alone.valid
    assert SERVER not in by_group(found)


def test_a_group_that_is_as_quick_may_be_beaten_on_throughput(tmp_path):
    """With one caller both answer alike; with several TorchScript's server is faster."""
    scenario = replace(FEW, only=(BEST, TORCHSERVE), concurrencies=(1, 16), speedup={TORCHSERVE: 3.21 / 0.63})
    folder = write_run(tmp_path / "run", scenario)
    found = by_group(analyse(folder))
    assert SERVER not in found or found[SERVER].objective != "latency"


def test_no_more_are_said_than_a_reader_remembers(tmp_path):
    everything = Scenario(native=True)
    found = analyse(write_run(tmp_path / "run", everything)).comparison.decision
    assert 0 < len(found.statements) <= 1 + MOST


def test_the_other_protocol_of_the_same_server_is_a_group(tmp_path):
    scenario = replace(FEW, speedup={GRPC: 20.0})
    found = by_group(analyse(write_run(tmp_path / "run", scenario)))
    assert Group("next", BEST) in found
    assert found[Group("protocol", "rest")].endpoints == (TORCHSERVE,)

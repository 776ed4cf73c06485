import pytest

from serveoff.models import convert
from serveoff.models.convert import Edge, paths

EDGES = [
    Edge(*pair.split("-"))
    for pair in ("keras-savedmodel", "keras-onnx", "savedmodel-onnx", "onnx-onnx_torch", "onnx-keras")
]


def nodes(ways):
    return [" ".join(["keras", *(edge.target for edge in way)]) for way in ways]


def test_the_shortest_way_comes_first_and_none_goes_in_circles():
    assert nodes(paths("keras", "torch_eager", EDGES)) == ["keras onnx onnx_torch", "keras savedmodel onnx onnx_torch"]


def test_a_model_s_own_format_needs_no_step():
    assert nodes(paths("keras", "keras_eager", EDGES)) == ["keras"]


def test_where_no_way_leads_there_is_none():
    assert nodes(paths("keras", "torchscript", EDGES)) == []


def test_a_way_leaves_an_exported_program_only_where_it_begins():
    assert [way for way in paths("torch", "onnx", convert.EDGES) if "torch_export" in {e.source for e in way}] == []
    assert next(paths("torch_export", "onnx", convert.EDGES)) == (Edge("torch_export", "onnx"),)


def test_every_step_is_an_edge():
    assert {edge.name for edge in convert.EDGES} == {name for names in convert.STEPS.values() for name in names}


@pytest.mark.parametrize("format", ["savedmodel", "frozen_graph", "torchscript", "torch_eager"])
@pytest.mark.parametrize(
    "start", ["keras", "savedmodel", "frozen_graph", "torchscript", "torch", "torch_export", "onnx"]
)
def test_steps_lead_from_every_kind_to_every_format(start, format):
    assert next(paths(start, format, convert.EDGES), None) is not None

"""What torch.jit cannot compile is traced: for other values than the example's it must hold, too."""

import pytest
import torch
from torch import nn

from serveoff.models.convert import Unconvertible, torch_traces
from serveoff.models.jobs import child
from serveoff.models.spec import ModelSpec, TensorSpec

SPEC = ModelSpec(
    name="branching",
    description="",
    inputs=(TensorSpec(name="x", shape=(-1, 6), dtype="float32"),),
    outputs=(TensorSpec(name="y", shape=(-1, 3), dtype="float32"),),
)


@pytest.fixture(autouse=True)
def notes(monkeypatch):
    monkeypatch.setattr(child, "_notes", [])
    return child._notes


class Net(nn.Module):
    """No **kwargs is compiled: each of these is traced."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.a = nn.Linear(6, 3)


class Clamps(Net):
    def forward(self, x, **kwargs):
        if (x < 0).any():
            x = x.clamp(min=0)
        return self.a(x)


class Large(Net):
    def forward(self, x, **kwargs):
        return self.a(x / 255 if x.max() > 2 else x)


class Requires(Net):
    def forward(self, x, **kwargs):
        assert (x >= 0).all()
        return self.a(x)


class Roots(Net):
    def forward(self, x, **kwargs):
        if x.shape[1] > 9:
            x = x[:, :9]
        return self.a(x.sqrt())


class Plain(Net):
    def forward(self, x, **kwargs):
        return self.a(x)


@pytest.mark.parametrize(
    ("module", "line"), [(Clamps, "if (x < 0).any():"), (Large, "return self.a(x / 255 if x.max()")]
)
def test_a_branch_that_the_example_does_not_take_is_refused_with_its_line(module, line, notes):
    with pytest.raises(Unconvertible) as refused:
        torch_traces.traced(module(), SPEC)
    assert "its course depends on the values of its input, which a trace does not keep" in refused.value.reason
    assert "; at test_torch_traces.py, line " in refused.value.reason
    assert line in refused.value.reason
    assert notes == []


@pytest.mark.parametrize(("module", "line"), [(Requires, "assert (x >= 0).all()"), (Roots, "if x.shape[1] > 9:")])
def test_a_branch_that_other_values_do_not_take_either_is_noted(module, line, notes):
    trace = torch_traces.traced(module(), SPEC)
    assert trace(torch.ones(4, 6))[0].shape == (4, 3)
    (said,) = notes
    assert said.startswith(
        "torchscript keeps one course of the module, which decides by a tensor; at test_torch_traces.py, line"
    )
    assert line in said


def test_a_trace_without_branches_is_not_tried_elsewhere(notes, monkeypatch):
    monkeypatch.setattr(torch_traces, "ELSEWHERE", (lambda _: pytest.fail("tried"),))
    torch_traces.traced(Plain(), SPEC)
    assert notes == []

"""Weights as training loops, wrappers and hubs save them, put into the module that a factory makes."""

import argparse

import numpy as np
import pytest
import torch
from safetensors.torch import save_file, save_model
from torch import nn

from serveoff.models.importing import torch_weights
from serveoff.models.jobs import child
from serveoff.models.jobs.child import Refused


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(9, 4), nn.Linear(4, 9, bias=False)
        self.head.weight = self.embed.weight


class Wrapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = network()


def network():
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))


@pytest.fixture
def notes(monkeypatch):
    monkeypatch.setattr(child, "_notes", [])
    return child._notes


TRAINED = network().state_dict()
UNLIKE = {name: torch.zeros_like(value) for name, value in TRAINED.items()}
FORMS = {
    "as it is": (TRAINED, ""),
    "DataParallel": ({f"module.{name}": value for name, value in TRAINED.items()}, "begins with 'module.'"),
    "a checkpoint": (
        {"epoch": 3, "best": np.float64(0.9), "model_state_dict": TRAINED, "optimizer": {"state": {}}},
        "under model_state_dict",
    ),
    "a loss beside it": (
        {"state_dict": {f"model.{name}": value for name, value in TRAINED.items()} | {"loss.weight": torch.ones(3)}},
        "names begin with 'model.', which is taken off; left out: loss.weight",
    ),
    "an average beside it, by its names": (
        {"state_dict": {f"{part}.{n}": v for part, of in (("ema", UNLIKE), ("model", TRAINED)) for n, v in of.items()}},
        "names begin with 'model.', which is taken off; left out: ema.",
    ),
    "one of two copies, the first": (
        {f"{part}.{n}": v for part, of in (("encoder_q", TRAINED), ("encoder_k", UNLIKE)) for n, v in of.items()},
        "those under encoder_k. would fit, too",
    ),
    "an average beside it": ({"ema": UNLIKE, "model": TRAINED}, "under model in weights.pt; ema would fit, too"),
    "a wider one beside it": (
        {"large": {name: torch.zeros(9, *value.shape) for name, value in TRAINED.items()}, "small": {"net": TRAINED}},
        "the weights are those under small.net in weights.pt",
    ),
    "compiled": ({f"_orig_mod.{name}": value for name, value in TRAINED.items()}, "'_orig_mod.' is taken out"),
    "a counter of epochs among them": ({**TRAINED, "epoch": 4}, ""),
    "in half precision": ({k: v.half() if v.is_floating_point() else v for k, v in TRAINED.items()}, "holds float16"),
}


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before 1.6"])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_wrapped_is_unwrapped_and_noted(form, zipped, tmp_path, notes):
    saved, said = FORMS[form]
    torch.save(saved, tmp_path / "weights.pt", _use_new_zipfile_serialization=zipped)
    module = network()
    torch_weights.fill(module, str(tmp_path / "weights.pt"))
    for name, value in module.state_dict().items():
        assert torch.allclose(value, TRAINED[name], atol=1e-3), name
    assert (said in " ".join(notes)) if said else notes == []


def test_a_module_that_holds_the_network_takes_the_network_s_weights(tmp_path, notes):
    save_file(TRAINED, tmp_path / "net.safetensors")
    module = Wrapped()
    torch_weights.fill(module, str(tmp_path / "net.safetensors"))
    assert torch.equal(module.net[0].weight, TRAINED["0.weight"])
    assert notes == ["in net.safetensors, the names are those of the module's net"]


def test_of_weights_that_the_module_ties_one_is_enough(tmp_path, notes):
    trained, module = Tied(), Tied()
    save_model(trained, tmp_path / "tied.safetensors")
    torch_weights.fill(module, str(tmp_path / "tied.safetensors"))
    assert torch.equal(module.head.weight, trained.embed.weight)
    assert module.head.weight is module.embed.weight
    assert notes == []


@pytest.mark.parametrize(
    ("saved", "says"),
    [
        ({**TRAINED, "0.weight": torch.ones(5, 6)}, r"0.weight is \[5, 6\], and the module's is \[8, 6\]"),
        (
            {k: v for k, v in TRAINED.items() if k[0] != "2"} | {"fc.bias": torch.ones(3)},
            "lack 2.bias, 2.weight; they ",
        ),
        ({"state_dict": TRAINED, "args": argparse.Namespace(lr=1)}, "also holds argparse.Namespace"),
        ({"epoch": 3}, "holds no tensors by name"),
        (torch.ones(3), "holds no tensors by name"),
    ],
)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before 1.6"])
def test_what_does_not_fit_is_refused_with_what_to_do(saved, says, zipped, tmp_path):
    torch.save(saved, tmp_path / "weights.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(Refused, match=says) as refused:
        torch_weights.fill(network(), str(tmp_path / "weights.pt"))
    assert refused.value.advice
    assert "save them again" not in refused.value.advice


def test_a_file_that_ends_too_early_is_told(tmp_path):
    torch.save(TRAINED, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    (tmp_path / "cut.pt").write_bytes((tmp_path / "old.pt").read_bytes()[:-200])
    with pytest.raises(Refused, match=r"cut\.pt cannot be read by torch.load"):
        torch_weights.fill(network(), str(tmp_path / "cut.pt"))


def test_what_a_module_reads_by_rules_of_its_own_is_left_to_them(tmp_path, notes):
    norm = torch.nn.utils.parametrizations.weight_norm
    make = lambda: nn.Sequential(norm(nn.Conv1d(2, 4, 3)), norm(nn.Conv1d(4, 1, 3)))  # noqa: E731
    state = {"0.bias": torch.rand(4), "1.bias": torch.rand(1)}
    for layer, out, into in ((0, 4, 2), (1, 1, 4)):
        state |= {f"{layer}.weight_g": torch.rand(out, 1, 1) + 0.5, f"{layer}.weight_v": torch.rand(out, into, 3)}
    average = {name: torch.zeros_like(value) for name, value in state.items()}
    torch.save({"ema": average, "state_dict": state, "last": average}, tmp_path / "old.pt")
    torch_weights.fill(module := make(), str(tmp_path / "old.pt"))
    other = make()
    other.load_state_dict(state)
    assert torch.equal(module[0].weight, other[0].weight)
    assert "rules of its own" in " ".join(notes)


def test_packed_weights_are_read_whole_or_refused(tmp_path):
    make = lambda: torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(6, 3)), {nn.Linear}, torch.qint8)  # noqa: E731
    torch.save((trained := make()).state_dict(), tmp_path / "q.pt")
    torch_weights.fill(module := make(), str(tmp_path / "q.pt"))
    x = torch.rand(2, 6)
    assert torch.equal(module(x), trained(x))
    torch.save({"0.scale": torch.ones(1)}, tmp_path / "less.pt")
    with pytest.raises(Refused, match="are not those of the module: "):
        torch_weights.fill(make(), str(tmp_path / "less.pt"))


class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(9, 4)
        self.register_buffer("ids", torch.arange(5), persistent=False)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.last = Positions(), nn.Linear(4, 2)


@pytest.mark.parametrize("prefix", ["", "bert."])
def test_a_buffer_that_today_s_code_does_not_save_is_left_out_of_an_older_file(tmp_path, notes, prefix):
    trained = {f"{prefix}{name}": value for name, value in Encoder().state_dict().items()}
    save_file({**trained, f"{prefix}embed.ids": torch.arange(512)}, tmp_path / "hub.safetensors")
    torch_weights.fill(module := Encoder(), str(tmp_path / "hub.safetensors"))
    assert torch.equal(module.last.weight, trained[f"{prefix}last.weight"])
    assert module.embed.ids.tolist() == [0, 1, 2, 3, 4]
    assert notes[-1] == "left out of hub.safetensors: embed.ids, which the module makes by itself and does not save"


def test_what_is_lacking_is_told_by_the_module_s_names_whatever_goes_before_them(tmp_path):
    state = {f"bert.{name}": value for name, value in Encoder().state_dict().items() if name[:4] != "last"}
    torch.save({"optimizer": {}, "state_dict": {**state, "bert.cls": torch.ones(2)}}, tmp_path / "weights.pt")
    with pytest.raises(Refused) as refused:
        torch_weights.fill(Encoder(), str(tmp_path / "weights.pt"))
    assert refused.value.reason.endswith("they lack last.bias, last.weight; they have cls")

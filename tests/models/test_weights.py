import numpy as np
import pytest

from serveoff.models.weights import from_torch, read_weights, to_torch, write_weights

torch = pytest.importorskip("torch")


class Block(torch.nn.Module):
    """A layer of each kind that the table knows, one of them in another."""

    def __init__(self):
        super().__init__()
        self.stem = torch.nn.Conv2d(3, 8, 3)
        self.depthwise = torch.nn.Conv2d(8, 8, 3, groups=8, bias=False)
        self.norm = torch.nn.BatchNorm2d(8)
        self.word_embedding = torch.nn.Embedding(11, 6)
        self.inner = torch.nn.ModuleDict({"query": torch.nn.Linear(6, 5), "norm": torch.nn.LayerNorm(5)})
        self.series = torch.nn.Conv1d(2, 4, 3)


def state_of(module):
    return {name: value.numpy() for name, value in module.state_dict().items()}


def test_every_kind_of_layer_has_kerass_names_and_tensorflows_order():
    weights = from_torch(state_of(Block()))
    assert {name: value.shape for name, value in weights.items()} == {
        "stem/kernel": (3, 3, 3, 8),
        "stem/bias": (8,),
        "depthwise/depthwise_kernel": (3, 3, 8, 1),
        "norm/gamma": (8,),
        "norm/beta": (8,),
        "norm/moving_mean": (8,),
        "norm/moving_variance": (8,),
        "word_embedding/embeddings": (11, 6),
        "inner.query/kernel": (6, 5),
        "inner.query/bias": (5,),
        "inner.norm/gamma": (5,),
        "inner.norm/beta": (5,),
        "series/kernel": (3, 2, 4),
        "series/bias": (4,),
    }
    assert {value.dtype.name for value in weights.values()} == {"float32"}


def test_a_module_gets_its_own_weights_back():
    module, other = Block(), Block()
    other.load_state_dict({k: torch.from_numpy(v) for k, v in to_torch(from_torch(state_of(module))).items()})
    for name, value in module.state_dict().items():
        assert torch.equal(other.state_dict()[name], value), name


def test_convolution_kernels_go_from_pytorchs_order_to_the_neutral_one_and_back():
    kernel = np.arange(4 * 3 * 2 * 5, dtype=np.float32).reshape(4, 3, 2, 5)
    weights = from_torch({"conv.weight": kernel})
    assert weights["conv/kernel"].shape == (2, 5, 3, 4)
    assert weights["conv/kernel"][1, 4, 2, 3] == kernel[3, 2, 1, 4]
    np.testing.assert_array_equal(to_torch(weights)["conv.weight"], kernel)


def test_dense_kernels_are_transposed_and_biases_kept():
    kernel, bias = np.arange(6, dtype=np.float32).reshape(2, 3), np.array([1.0, 2.0], np.float32)
    weights = from_torch({"dense.weight": kernel, "dense.bias": bias})
    np.testing.assert_array_equal(weights["dense/kernel"], kernel.T)
    np.testing.assert_array_equal(weights["dense/bias"], bias)


def test_what_the_table_does_not_cover_is_named_with_the_next_action():
    gates = np.zeros((8, 2), np.float32)
    with pytest.raises(ValueError, match=r"lstm\.weight_ih_l0 is in Keras.*weights_of"):
        from_torch({"lstm.weight_ih_l0": gates})
    with pytest.raises(ValueError, match=r"lstm/recurrent_kernel is in PyTorch.*state_of"):
        to_torch({"lstm/recurrent_kernel": gates})
    with pytest.raises(ValueError, match="weights_of"):
        from_torch({"token": gates})


def test_weights_survive_their_file(tmp_path):
    weights = {"conv1/kernel": np.ones((3, 3, 1, 2), np.float32), "conv1/bias": np.zeros(2, np.float32)}
    write_weights(tmp_path, weights)
    read = read_weights(tmp_path)
    assert read.keys() == weights.keys()
    np.testing.assert_array_equal(read["conv1/kernel"], weights["conv1/kernel"])

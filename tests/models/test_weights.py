import numpy as np

from models.weights import from_torch, read_weights, to_torch, write_weights


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


def test_weights_survive_their_file(tmp_path):
    weights = {"conv1/kernel": np.ones((3, 3, 1, 2), np.float32), "conv1/bias": np.zeros(2, np.float32)}
    write_weights(tmp_path, weights)
    read = read_weights(tmp_path)
    assert read.keys() == weights.keys()
    np.testing.assert_array_equal(read["conv1/kernel"], weights["conv1/kernel"])

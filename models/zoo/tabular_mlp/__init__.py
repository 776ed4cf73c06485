"""A small network for rows of a table, written three times: the model that is so cheap that only overhead is left.

Thirty numbers as they were measured, standardised inside the network, then three dense layers and softmax. With 4
thousand weights it computes for microseconds: whatever else a request costs is the server's and the protocol's.
"""

from serveoff.models.spec import ModelSpec, TensorSpec

FEATURES = 30
HIDDEN1 = 64
HIDDEN2 = 32
CLASSES = 2
"""Malignant and benign, in scikit-learn's order."""
EPSILON = 1e-12
"""Added to each variance before its root is taken; the frameworks' own would change features that vary by 1e-5."""

SPEC = ModelSpec(
    name="tabular_mlp",
    description="Breast cancer, malignant or benign: a small dense network on 30 raw features; overhead-bound",
    inputs=(TensorSpec(name="features", shape=(-1, FEATURES), dtype="float32"),),
    outputs=(TensorSpec(name="probabilities", shape=(-1, CLASSES), dtype="float32"),),
)

LAYERS = ("standardise", "dense1", "dense2", "dense3")
"""The layers that have weights, in order, by the name that each network gives them."""

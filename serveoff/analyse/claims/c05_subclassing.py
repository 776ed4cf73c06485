"""C5: subclasses in both frameworks, shown by tests and by the gates of both eager forms."""

from __future__ import annotations

from serveoff.analyse.claims.golden_outputs import shown_by_tests, tests
from serveoff.analyse.claims.ruling import Ruling
from serveoff.analyse.evidence import Evidence
from serveoff.record.suite import Suite

CLAIM = "TF2 model subclassing mirrors PyTorch's nn.Module"
RULE = (
    "shown by tests: both networks are subclasses with the same layers, and their outputs agree on inputs they never "
    "saw. A run adds the agreement of both with the golden outputs: an error of keras_eager or torch_eager beyond "
    "what the gate allows, 1e-5 of the row's largest value or of 1, speaks against the claim."
)
MEASURE = "serveoff run '*keras-eager' '*torch-eager'"
FILE = "tests/models/test_claims.py"
TESTS = (
    ("test_c5_both_networks_are_subclasses_with_the_same_layers", "both are subclasses, with the same layers"),
    ("test_c5_the_networks_agree_on_inputs_they_never_saw", "their outputs agree to 1e-5 on inputs they never saw"),
)


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Tests, and the gates of both eager forms."""
    return shown_by_tests(evidence, tests(FILE, "both", TESTS), ("keras_eager", "torch_eager"))

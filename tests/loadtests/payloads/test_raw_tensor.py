import numpy as np
import pytest
from hypothesis import given

from serveoff.loadtests.payloads import raw_tensor
from serveoff.models.tensors import rows_of
from tests.loadtests.payloads.models import BATCHES, TOKENS, TWO, assert_same, echoes, model, tensor

FLAT = model(tensor("x", "float32", 3))
BATCH = {"x": np.arange(6, dtype=np.float32).reshape(2, 3)}


def test_the_body_is_the_tensor_and_the_head_its_shape():
    assert raw_tensor.encode(FLAT, BATCH) == BATCH["x"].astype("<f4").tobytes()
    heads = raw_tensor.headers(FLAT, BATCH)
    assert heads["X-Tensor-Shape"] == "2,3"
    assert heads["Accept"] == heads["Content-Type"] == "application/octet-stream"


@given(echoes())
def test_what_is_sent_reads_back_as_it_was(echo):
    spec, batch = echo
    assert_same(raw_tensor.decode(raw_tensor.encode(spec, batch), rows_of(batch), spec), batch)


def test_several_tensors_follow_one_another_and_the_head_names_each():
    spec, batch = BATCHES["two"]
    assert raw_tensor.encode(spec, batch) == batch["image"].tobytes() + batch["age"].astype("<i8").tobytes()
    assert raw_tensor.headers(spec, batch)["X-Tensor-Shape"] == "image=2,2,2,1;age=2"
    assert len(raw_tensor.encode(*BATCHES["tokens"])) == 2 * 4 * 8
    assert len(raw_tensor.encode(*BATCHES["pixels"])) == 12


@pytest.mark.parametrize("spec", [FLAT, TWO, TOKENS])
@pytest.mark.parametrize("answer", [b"", b"abc", b"12345678" * 3])
def test_what_is_no_whole_number_of_rows_is_refused(spec, answer):
    with pytest.raises(ValueError, match=r"bytes are not 4 rows of"):
        raw_tensor.decode(answer, 4, spec)

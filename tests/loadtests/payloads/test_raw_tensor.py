import numpy as np
import pytest

from loadtests.payloads import raw_tensor


def test_the_body_is_the_tensor_and_the_head_its_shape():
    batch = np.arange(6, dtype=np.float32).reshape(2, 3)
    body = raw_tensor.encode("m", batch)
    np.testing.assert_array_equal(raw_tensor.decode(body, rows=2), batch)
    assert raw_tensor.headers(batch)["X-Tensor-Shape"] == "2,3"
    assert raw_tensor.headers(batch)["Accept"] == raw_tensor.headers(batch)["Content-Type"]


@pytest.mark.parametrize("answer", [b"", b"abc", b"12345678" * 3])
def test_what_is_no_whole_number_of_rows_is_refused(answer):
    with pytest.raises(ValueError, match=r"rows of float32|buffer size"):
        raw_tensor.decode(answer, rows=4)

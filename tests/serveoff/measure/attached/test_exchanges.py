"""Requests of attached endpoints, made before anything is sent."""

import numpy as np
import pytest

from serveoff.errors import UsageError
from serveoff.measure.attached.exchanges import exchange_of
from serveoff.measure.attached.samples import read
from serveoff.measure.attached.urls import parse_url


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Authorization": "@{}"}, "prod: the value of Authorization has characters that a header cannot carry"),
        ({"X Key": "@{}"}, "prod: 'X Key' is not a header to send"),
    ],
)
def test_a_header_that_cannot_be_sent_is_told_without_its_value(tmp_path, headers, said):
    (tmp_path / "token.txt").write_text("sesame\nopen")
    np.savez(tmp_path / "s.npz", x=np.zeros((2, 3)))
    filled = {name: value.format(tmp_path / "token.txt") for name, value in headers.items()}
    endpoint = parse_url("prod=http://h/v1/models/m").model_copy(update={"headers": filled})
    with pytest.raises(UsageError) as refused:
        exchange_of(endpoint, read(str(tmp_path / "s.npz"), "m"))
    assert str(refused.value) == said
    assert "sesame" not in str(refused.value) + refused.value.hint

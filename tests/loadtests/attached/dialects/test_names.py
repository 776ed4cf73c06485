"""Every dialect has what a dialect must have, and reads what it wrote as all others do."""

import inspect
from base64 import b64encode

import numpy as np
import pytest

from serveoff.loadtests.attached.dialects import Dialect, dialect, names

METHODS = ("path", "model", "encode", "read")
DATA = ("protocol", "kind", "method")


def test_they_are_found_by_their_names():
    assert names() == [
        "grpc_open_inference",
        "grpc_tfserving",
        "grpc_torchserve",
        "json",
        "open_inference",
        "tfserving",
        "torchserve",
    ]


def test_an_unknown_one_is_told_with_those_there_are():
    with pytest.raises(ValueError, match=r"'v3' is not a dialect: grpc_open_inference, .*torchserve"):
        dialect("v3")


@pytest.mark.parametrize("name", names())
def test_each_offers_what_the_protocol_asks(name):
    found = dialect(name)
    for method in METHODS:
        ours, asked = (inspect.signature(getattr(of, method)).parameters for of in (found, Dialect))
        assert [*ours] == [*asked][1:]
    assert (found.protocol, bool(found.method)) in {("rest", False), ("grpc", True)}
    assert found.kind
    assert found.path("/any/m") == (found.method or found.path("/any/m"))
    assert found.model("/v1/models/My-model") == "My-model"
    assert found.encode("m", {"x": np.ones((1, 2), np.float32)})


@pytest.mark.parametrize("name", names())
def test_what_is_no_answer_is_a_value_error(name):
    for answer in (b"", b"\xff\xfe\xff", b"\x0a\xff"):
        with pytest.raises(ValueError, match=r".+"):
            dialect(name).read(answer)


@pytest.mark.parametrize("array", [np.array([["hé"]]), np.array([[b"ab"]])], ids=["texts", "bytes"])
@pytest.mark.parametrize("name", names())
def test_each_carries_texts_and_bytes(name, array):
    sent = dialect(name).encode("m", {"x": array})
    assert any(written in sent for written in ("hé".encode(), b"ab", b64encode(b"ab")))

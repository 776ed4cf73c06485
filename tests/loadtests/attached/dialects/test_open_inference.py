"""The Open Inference Protocol over REST, by the examples of its specification (inference_rest.md)."""

import json

import numpy as np
import pytest

from serveoff.loadtests.attached.ask import asking
from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.exchange import Exchange
from tests.loadtests.attached import servers

V2 = dialect("open_inference")
OUTPUT0 = {"name": "output0", "shape": [3, 2], "datatype": "FP32", "data": [1.0, 1.1, 2.0, 2.1, 3.0, 3.1]}
ANSWER = {"id": "42", "outputs": [OUTPUT0]}
"""Of the specification."""


def tensor(**changed):
    return json.dumps({"outputs": [OUTPUT0 | changed]}).encode()


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v2/models/mymodel", "/v2/models/mymodel/infer"),
        ("/v2/models/mymodel/infer", "/v2/models/mymodel/infer"),
        ("/v2/models/mymodel/versions/v10", "/v2/models/mymodel/versions/v10/infer"),
    ],
)
def test_paths_lead_to_the_model(path, asked):
    assert (V2.path(path), V2.model(path)) == (asked, "mymodel")


def test_a_request_is_the_specifications():
    """But for its wish of outputs, without which all are answered, and its id."""
    inputs = {"input0": np.array([[1, 2], [3, 4]], np.uint32), "input1": np.array([True])}
    assert json.loads(V2.encode("mymodel", inputs)) == {
        "inputs": [
            {"name": "input0", "shape": [2, 2], "datatype": "UINT32", "data": [1, 2, 3, 4]},
            {"name": "input1", "shape": [1], "datatype": "BOOL", "data": [True]},
        ]
    }


@pytest.mark.parametrize(
    ("array", "datatype", "data"),
    [
        (np.array([[0.1]], np.float32), "FP32", [0.1]),
        (np.array([[0.5]], np.float16), "FP16", [0.5]),
        (np.array([[1e300]]), "FP64", [1e300]),
        (np.array([[2**63]], np.uint64), "UINT64", [2**63]),
        (np.array([[-1]], np.int8), "INT8", [-1]),
        (np.array([["hé"]]), "BYTES", ["hé"]),
        (np.array([[b"ab"]], dtype=object), "BYTES", ["ab"]),
    ],
)
def test_each_dtype_has_its_word(array, datatype, data):
    (sent,) = json.loads(V2.encode("m", {"x": array}))["inputs"]
    assert sent == {"name": "x", "shape": [1, 1], "datatype": datatype, "data": data}


def test_what_the_protocol_or_json_cannot_carry_is_said():
    with pytest.raises(ValueError, match="x is complex64"):
        V2.encode("m", {"x": np.ones((1, 1), np.complex64)})
    with pytest.raises(ValueError, match="decode"):
        V2.encode("m", {"x": np.array([b"\xff"], dtype=object)})


def test_an_answer_comes_back_through_a_server():
    with servers.rest(lambda asked: servers.as_json(ANSWER)) as served:
        body = V2.encode("mymodel", {"x": np.ones((1, 2))})
        exchange = Exchange(dialect="open_inference", bodies=(body,))
        with asking(served.target(V2.path("/v2/models/mymodel")), exchange, 10.0) as ask:
            read = V2.read(ask(body))
    assert list(read) == ["answer"]
    np.testing.assert_allclose(read["answer"], [[[1.0, 1.1], [2.0, 2.1], [3.0, 3.1]]])
    assert served.asked[0].path == "/v2/models/mymodel/infer"


def test_ids_versions_and_parameters_are_no_outputs():
    more = {"id": "43", "model_name": "mymodel", "model_version": "v10", "parameters": {"took": 3}}
    plain, said = (V2.read(json.dumps(answer).encode()) for answer in (ANSWER, ANSWER | more))
    assert plain.keys() == said.keys()


def test_it_reads_as_the_same_answer_of_tensorflow_serving():
    two = [
        OUTPUT0 | {"name": "a", "shape": [1, 2], "data": [1.5, 2]},
        OUTPUT0 | {"name": "b", "shape": [1], "data": [3]},
    ]
    ours = V2.read(json.dumps({"outputs": two}).encode())
    other = dialect("tfserving").read(b'{"predictions": [{"a": [1.5, 2.0], "b": 3}]}')
    assert ours.keys() == other.keys()
    assert all(np.array_equal(ours[name], other[name]) for name in other)


def test_texts_nested_data_and_paths_are_read():
    assert list(V2.read(tensor(shape=[1], datatype="BYTES", data=["cat"]))) == ["answer='cat'"]
    np.testing.assert_array_equal(V2.read(tensor(shape=[1, 2], data=[[1, 2]]))["answer"], [[1, 2]])
    np.testing.assert_array_equal(V2.read(tensor(), "outputs[0].data[:2]")["answer"], [[1.0, 1.1]])


def test_whole_numbers_are_of_the_datatype_that_is_said():
    for datatype, kind in (("FP32", "f"), ("INT8", "i"), ("UINT16", "i")):
        assert V2.read(tensor(shape=[1, 2], datatype=datatype, data=[1, 2]))["answer"].dtype.kind == kind


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b'{"error": "no such model"}', "no outputs.*no such model"),
        (b'{"outputs": []}', "no outputs"),
        (b'{"outputs": [{"name": "x"}]}', "none of the protocol's"),
        (b'{"outputs": [3]}', "none of the protocol's"),
        (tensor(shape=[2, 2]), r"output0 has 6 values, which are not of shape \[2, 2\]"),
        (tensor(datatype="FP8"), "output0 is of datatype FP8"),
        (tensor(datatype="INT32"), "not made of INT32 but of float64"),
        (tensor(shape=[2], datatype="INT8", data=[1, 300]), "a number that is not INT8"),
        (tensor(shape=[1], datatype="UINT64", data=[-1]), "a number that is not UINT64"),
        (tensor(shape=[1], data=[None]), "not made of FP32"),
    ],
)
def test_what_is_no_answer_is_said(answer, said):
    with pytest.raises(ValueError, match=said):
        V2.read(answer)

"""Requests of attached endpoints, made before anything is sent."""

from dataclasses import replace

import numpy as np
import pytest

from serveoff.errors import UsageError
from serveoff.loadtests.attached.requests import headers_of
from serveoff.measure.attached.exchanges import exchange_of, target_of
from serveoff.measure.attached.samples import Samples, read
from serveoff.measure.attached.urls import parse_url, read_file
from serveoff.models.spec import TensorSpec


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


ROWS = Samples(inputs={"x": np.ones((2, 3))})
TEMPLATE = '{"rows": ["$x"]}'
BODIES = Samples(bodies=(b'{"x": [1]}',))


def endpoint(tmp_path, url, more=""):
    """Of a file that gives a template of its requests."""
    path = tmp_path / "endpoints.toml"
    path.write_text(f"[prod]\nurl = '{url}'\nrequest = '{TEMPLATE}'\n{more}")
    return read_file(path)[0]


def test_a_template_is_sent_to_the_url_as_it_is(tmp_path):
    found = endpoint(tmp_path, "http://h/v1/models/m:predict?lang=en")
    assert (found.dialect, target_of(found, "m").path) == ("json", "/v1/models/m:predict?lang=en")
    assert exchange_of(found, ROWS).bodies == (b'{"rows":[[1.0,1.0,1.0]]}',) * 2


@pytest.mark.parametrize(
    ("url", "more", "samples", "said"),
    [
        ("grpc://h:8500/m", "", ROWS, "the grpc_tfserving dialect writes requests by itself"),
        ("http://h/v1/models/m", "dialect = 'tfserving'", ROWS, "the tfserving dialect writes requests by itself"),
        ("http://h/score", "", BODIES, "the samples are whole bodies"),
    ],
)
def test_a_template_that_nobody_would_fill_is_refused(tmp_path, url, more, samples, said):
    with pytest.raises(UsageError, match=said) as refused:
        exchange_of(endpoint(tmp_path, url, more), samples)
    assert "leave out request" in refused.value.hint


@pytest.mark.parametrize("host", ["m.models.example", "m.models.example:8443"])
def test_a_service_behind_an_ingress_is_asked_by_its_host(tmp_path, host):
    path = tmp_path / "endpoints.toml"
    path.write_text(f"[prod]\nurl = 'https://10.0.0.7/v1/models/m'\nheaders = {{ Host = '{host}' }}")
    (found,) = read_file(path)
    target, exchange = target_of(found, "m"), exchange_of(found, ROWS)
    assert (target.address, headers_of(target, exchange)["Host"]) == ("10.0.0.7:443", host)
    assert exchange.server_name == "m.models.example", "whose certificate it must have"


def test_without_a_host_of_its_own_a_request_names_the_urls():
    found = parse_url("prod=https://[::1]:8443/v1/models/m")
    target, exchange = target_of(found, "m"), exchange_of(found, ROWS)
    assert (headers_of(target, exchange)["Host"], exchange.server_name) == ("[::1]:8443", "::1")


def test_what_is_known_of_the_one_output_is_known_of_the_answer():
    halves = TensorSpec(name="y", shape=(-1, 2), dtype="float32", precision="float16")
    (found,) = exchange_of(parse_url("prod=http://h/v1/models/m"), replace(ROWS, tensors=(halves,))).tensors
    assert (found.name, found.precision) == ("answer", "float16")
    more = (halves, halves.model_copy(update={"name": "z"}))
    assert exchange_of(parse_url("prod=http://h/v1/models/m"), replace(ROWS, tensors=more)).tensors == more


@pytest.mark.parametrize(("number", "said"), [(np.nan, "NaN"), (-np.inf, "an infinity")])
def test_a_number_that_json_has_no_word_for_is_told_with_its_sample(number, said):
    rows = Samples(inputs={"x": np.array([[1.0], [number]])})
    for path in ("v1/models/m", "v2/models/m", "predictions/m"):
        with pytest.raises(UsageError, match=f"prod: sample 1 cannot be sent: x holds {said}"):
            exchange_of(parse_url(f"prod=http://h/{path}"), rows)
    assert len(exchange_of(parse_url("prod=grpc://h:1/m"), rows).bodies) == 2

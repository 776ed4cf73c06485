"""What a user writes, and what a run records of it."""

import pytest

from serveoff.errors import UsageError
from serveoff.measure.attached.urls import named_once, parse_url, read_file


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("http://h:8501/v1/models/m", "tfserving"),
        ("http://h:8501/v1/models/m/versions/2", "tfserving"),
        ("http://h:8501/v1/models/m:predict", "tfserving"),
        ("https://h/v2/models/m", "open_inference"),
        ("http://h/v2/models/m/versions/1/infer", "open_inference"),
        ("http://h:8080/predictions/m", "torchserve"),
        ("grpc://h:8500/m", "grpc_tfserving"),
        ("grpcs://h:8500/m", "grpc_tfserving"),
        ("torchserve+grpc://h:7070/m", "grpc_torchserve"),
        ("v2+grpcs://h:8081/m", "grpc_open_inference"),
        ("http://h/score", "json"),
        ("http://[::1]:8501/v1/models/m", "tfserving"),
    ],
)
def test_a_url_says_what_it_speaks(url, dialect):
    found = parse_url(f"prod={url}")
    assert (found.name, found.url, found.dialect) == ("prod", url, dialect)


def test_what_tells_of_its_process_stands_beside_a_url():
    found = parse_url("prod=http://h:1/v1/models/m,pid=12,metrics=http://h:1/metrics")
    assert (found.url, found.pid, found.metrics) == ("http://h:1/v1/models/m", 12, "http://h:1/metrics")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("http://h/v1/models/m", "has no name"),
        ("nourl", "has no name"),
        ("prod=h:8501", "is no URL of an endpoint"),
        ("prod=ftp://h/m", "is no URL of an endpoint"),
        ("prod=http://h:99999/v1/models/m", "is no URL"),
        ("prod=grpc://h/m", "lacks a port"),
        ("prod=grpc://h:8500", "lacks a model"),
        ("pr od=http://h/v1/models/m", "is no name"),
        ("prod=http://user:pa55@h/v1/models/m", "has a secret in it"),
        ("prod=http://h/v1/models/m?lang=en&api_key=pa55", "has a secret in it"),
        ("prod=http://h/v1/models/m?sig=pa55", "has a secret in it"),
        ("prod=http://h/v1/models/m,metrics=http://h/metrics?token=pa55", "has a secret in it"),
        ("prod=http://h:99999/v1/models/m?token=pa55", "is no URL"),
        ("prod=http://h/v1/models/m,pid=one", "pid: "),
        ("prod=http://h/v1/models/m,pid=0", "pid: input should be greater than 0"),
        ("prod=http://h/v1/models/m,pid=2147483648", "pid: input should be less than or equal to 2147483647"),
    ],
)
def test_what_cannot_be_is_told(text, said):
    with pytest.raises(UsageError) as refused:
        parse_url(text)
    assert said in str(refused.value)
    assert "pa55" not in f"{refused.value} {refused.value.hint}"


def test_a_name_is_used_once():
    twice = [parse_url("a=http://h/v1/models/m")] * 2
    with pytest.raises(UsageError, match="two endpoints are called a"):
        list(named_once(twice))


def test_a_file_has_a_table_of_each(tmp_path):
    path = tmp_path / "endpoints.toml"
    path.write_text(
        """
        [prod]
        url = "https://api.example/score"
        request = '{"inputs": ["$x"]}'
        answer = "scores[0]"
        ca_file = "ca.pem"
        max_rate = 20
        headers = { Authorization = "Bearer ${TOKEN}", X-Key = "@key.txt" }
        [canary]
        url = "grpc://h:8500/m"
        container = "canary"
        """
    )
    prod, canary = read_file(path)
    assert (prod.dialect, prod.template, prod.answer) == ("json", '{"inputs": ["$x"]}', "scores[0]")
    assert (prod.ca_file, prod.max_rate) == (str(tmp_path / "ca.pem"), 20)
    assert prod.headers == {"Authorization": "Bearer ${TOKEN}", "X-Key": f"@{tmp_path / 'key.txt'}"}
    assert (canary.dialect, canary.container) == ("grpc_tfserving", "canary")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "has no endpoint"),
        ("[prod]\nname = 'x'", "has no url"),
        ("[prod]\nurl = 'http://h/v1/models/m'\nports = 1", "ports"),
        ("[prod]\nurl = 'http://h/v1/models/m'\nheaders = {Authorization = 'Bearer abc'}", "stands in the file itself"),
        ("[prod]\nurl = 'http://h/v1/models/m'\nheaders = {X-Api-Key = 'abc'}", "stands in the file itself"),
        ("[prod]\nurl = 'http://h/v1/models/m'\nheaders = {Cookie = 'sid=abc; m=a@b.c'}", "stands in the file itself"),
        ("[prod]\nurl = 'http://h/v1/models/m'\nheaders = {Content-Length = '3'}", "is made by the load generator"),
        ("[prod]\nurl = 'grpc://h:8500/m'\nheaders = {Host = 'abc'}", "is made by the load generator"),
        (
            "[prod]\nurl = 'http://h/v1/models/m'\nmax_rate = 0",
            "max_rate: input should be greater than or equal to 0.1",
        ),
        ("[prod]\nurl = 'http://h/v1/models/m'\nmax_rate = -2.5", "max_rate: input should be greater"),
        ("[prod]\nurl = 'http://h/v1/models/m'\nmax_rate = inf", "max_rate: "),
        ("[prod]\nurl = 'http://h/v1/models/m'\nmax_rate = 1e300", "max_rate: input should be less"),
        ("[prod", "cannot read"),
    ],
)
def test_a_file_that_cannot_be_is_told(tmp_path, table, said):
    path = tmp_path / "endpoints.toml"
    path.write_text(table)
    with pytest.raises(UsageError, match=said):
        read_file(path)

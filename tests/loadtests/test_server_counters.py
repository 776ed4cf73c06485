import pytest

from serveoff.loadtests.server_counters import grown, mean_timings, parse_counters, parse_server_timing, read_counters

PAGE = """# HELP requests_total How many.
# TYPE requests_total counter
requests_total{model="a b",status="200"} 12
requests_total{model="a b",status="500"} 1.0e1 1700000000000
# TYPE memory gauge
memory 5e9
# TYPE :tensorflow:serving:request_latency histogram
:tensorflow:serving:request_latency_bucket{le="10"} 3
:tensorflow:serving:request_latency_bucket{le="+Inf"} 4
:tensorflow:serving:request_latency_sum{API="Predict",} 1234.5
:tensorflow:serving:request_latency_count{API="Predict",} 4
# TYPE nothing counter
nothing NaNsense
not a sample
untyped 3
"""


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "queue;dur=0.012, parse;dur=0.141, predict;dur=0.207, encode;dur=0.019, total;dur=0.379",
            {"queue": 1.2e-5, "parse": 1.41e-4, "predict": 2.07e-4, "encode": 1.9e-5, "total": 3.79e-4},
        ),
        ('db;desc="a, b; dur=9";dur=53.2', {"db": 0.0532}),
        ('cache;desc=hit;dur="2.5",miss', {"cache": 0.0025}),
        ("a ; dur = 1 ,b;DUR=2;desc=x", {"a": 0.001, "b": 0.002}),
        ("a;dur=fast, b;dur=1.2.3, c;dur=3", {"c": 0.003}),
        ("", {}),
        (";dur=1", {}),
    ],
)
def test_durations_are_read_in_seconds(header, expected):
    assert parse_server_timing(header) == pytest.approx(expected)


def test_the_mean_is_over_the_headers_that_can_be_read():
    count, means = mean_timings(["a;dur=1, b;dur=5", "nonsense", "a;dur=3"])
    assert (count, means) == (2, {"a": pytest.approx(0.002)}), "b is not in all of them"
    assert mean_timings([]) == (0, {})


def test_only_what_grows_is_read_of_a_page():
    assert parse_counters(PAGE) == {
        'requests_total{model="a b",status="200"}': 12.0,
        'requests_total{model="a b",status="500"}': 10.0,
        ':tensorflow:serving:request_latency_sum{API="Predict"}': 1234.5,
        ':tensorflow:serving:request_latency_count{API="Predict"}': 4.0,
    }


def test_a_page_that_is_none_has_no_counters():
    assert parse_counters("<html>404</html>") == {}


def test_counters_that_did_not_grow_say_nothing():
    assert grown({"a": 5.0, "b": 2.0, "c": 9.0}, {"a": 7.5, "b": 2.0, "c": 1.0, "new": 3.0}) == {"a": 2.5, "new": 3.0}


def test_a_page_that_is_not_there_is_none(free_port):
    assert read_counters(f"http://127.0.0.1:{free_port}/metrics") is None


def test_a_page_is_read_over_http(server):
    assert read_counters(f"http://{server.rest}/metrics") == {'asked_total{model="m"}': 0.0}

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from serveoff.services.tfserving.embedded.errors import Code, ServingError
from serveoff.services.tfserving.embedded.metrics import Metrics


def test_page_is_prometheus_text():
    metrics = Metrics()
    metrics.record("m", "predict", "REST", Code.OK, 0.000015)
    metrics.record("m", "predict", "REST", Code.INVALID_ARGUMENT, 0.000030)
    metrics.record('a"b\\', "Predict", "GRPC", Code.OK, 5000.0)
    families = {family.name: family for family in text_string_to_metric_families(metrics.page())}
    counts = {(s.labels["model_name"], s.labels["status"]): s.value for s in _samples(families, "count")}
    assert counts == {("m", "OK"): 1, ("m", "INVALID_ARGUMENT"): 1, ('a"b\\', "OK"): 1}
    latency = families[":tensorflow:serving:request_latency"].samples
    of_m = [s for s in latency if s.labels["model_name"] == "m"]
    assert next(s.value for s in of_m if s.name.endswith("_count")) == 1
    assert next(s.value for s in of_m if s.name.endswith("_sum")) == 15
    buckets = [s.value for s in of_m if s.name.endswith("_bucket")]
    assert buckets == sorted(buckets)
    assert buckets[:3] == [0, 1, 1]
    assert buckets[-1] == 1


def test_runs_of_a_graph_are_counted_by_model_and_api():
    metrics = Metrics()
    metrics.record("m", "Predict", "REST", Code.OK, 0.000500)
    metrics.ran("m", "Predict", 0.000200)
    metrics.ran("m", "Predict", 0.000220)
    families = {family.name: family for family in text_string_to_metric_families(metrics.page())}
    runtime = {s.name.rpartition("_")[2]: s for s in families[":tensorflow:serving:runtime_latency"].samples}
    assert runtime["sum"].labels == {"model_name": "m", "API": "Predict", "runtime": "TF1"}
    assert (runtime["sum"].value, runtime["count"].value) == (420, 2)


def test_names_of_no_model_leave_nothing_behind():
    metrics = Metrics()
    for known in (False, True):
        with pytest.raises(ServingError), metrics.counted("x" * 60_000, "predict", "REST", known):
            raise ServingError(Code.INVALID_ARGUMENT, "no JSON")
        assert ("x" * 60_000 in metrics.page()) is known


def test_what_ends_in_an_error_that_nobody_foresaw_is_no_good_answer():
    metrics = Metrics()
    with pytest.raises(KeyError), metrics.counted("m", "Predict", "GRPC", known=True):
        raise KeyError
    assert 'status="UNKNOWN"} 1' in metrics.page()
    assert 'status="OK"' not in metrics.page()


def _samples(families, suffix):
    return families[f":tensorflow:serving:request_{suffix}"].samples

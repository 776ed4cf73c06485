import pytest

from serveoff.services.torchserve import phase_metrics
from serveoff.services.torchserve.phase_metrics import DECODE, EVERY_S, PHASES, REQUESTS, PhaseMetrics


class Metric:
    def __init__(self):
        self.values = []

    def add_or_update(self, value, dimensions):
        assert dimensions == ["m", "Model"]
        self.values.append(value)


class Metrics:
    """What TorchServe hands a handler as `context.metrics`."""

    model_name = "m"

    def __init__(self):
        self.told = {name: Metric() for name in (REQUESTS, *PHASES, DECODE)}

    def get_metric(self, name, kind):
        assert kind.value == "counter"
        return self.told[name]

    def sums(self):
        return {name: sum(metric.values) for name, metric in self.told.items() if name != DECODE}


@pytest.fixture
def clock(monkeypatch):
    """Seconds, in a list of one."""
    clock = [0.0]
    monkeypatch.setattr(phase_metrics, "perf_counter", lambda: clock[0])
    return clock


def test_nothing_is_lost_between_two_times_of_telling(clock):
    metrics, counted = Metrics(), PhaseMetrics()
    for _ in range(3):
        counted.add(1, (0.001, 0.002, 0.003), 0.0, metrics)
    assert metrics.sums() == dict.fromkeys((REQUESTS, *PHASES), 0)
    clock[0] += EVERY_S
    counted.add(2, (0.001, 0.002, 0.003), 0.0, metrics)
    assert metrics.sums() == pytest.approx(dict(zip((REQUESTS, *PHASES), (5, 5000, 10_000, 15_000), strict=True)))
    assert {len(metrics.told[name].values) for name in (REQUESTS, *PHASES)} == {1}, "all four at once"
    assert metrics.told[DECODE].values == [], "no body held an image"


def test_decoding_of_image_files_is_told_only_where_there_was_any(clock):
    metrics, counted = Metrics(), PhaseMetrics()
    counted.add(2, (0.004, 0.002, 0.003), 0.0015, metrics)
    clock[0] += EVERY_S
    counted.add(1, (0.001, 0.002, 0.003), 0.0, metrics)
    assert metrics.told[DECODE].values == [pytest.approx(3000)]
    clock[0] += EVERY_S
    counted.add(1, (0.001, 0.002, 0.003), 0.0, metrics)
    assert len(metrics.told[DECODE].values) == 1

from time import sleep

import pytest

from services.torchserve.phase_metrics import EVERY_S, PHASES, REQUESTS, PhaseMetrics


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
        self.told = {name: Metric() for name in (REQUESTS, *PHASES)}

    def get_metric(self, name, kind):
        assert kind.value == "counter"
        return self.told[name]

    def sums(self):
        return {name: sum(metric.values) for name, metric in self.told.items()}


def test_nothing_is_lost_between_two_times_of_telling():
    metrics, counted = Metrics(), PhaseMetrics()
    for _ in range(3):
        counted.add(1, (0.001, 0.002, 0.003), metrics)
    assert metrics.sums() == dict.fromkeys((REQUESTS, *PHASES), 0)
    sleep(EVERY_S)
    counted.add(2, (0.001, 0.002, 0.003), metrics)
    assert metrics.sums() == pytest.approx(dict(zip((REQUESTS, *PHASES), (5, 5000, 10_000, 15_000), strict=True)))
    assert {len(metric.values) for metric in metrics.told.values()} == {1}, "all four at once"

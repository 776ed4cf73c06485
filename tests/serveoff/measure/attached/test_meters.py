"""What an attached endpoint uses, by its own word."""

import pytest

from serveoff.errors import UsageError
from serveoff.measure.attached import meters
from serveoff.measure.attached.meters import PageMeter, meter_of
from serveoff.measure.attached.urls import parse_url


@pytest.mark.parametrize("memory", ["NaN", "+Inf", "x"])
def test_a_page_that_tells_no_number_ends_nothing(monkeypatch, memory):
    text = f"process_cpu_seconds_total 1.5\nprocess_resident_memory_bytes {memory}\n"
    monkeypatch.setattr(meters, "page", lambda *_: text)
    meter = PageMeter("http://h/metrics")
    assert meter.read().cpu_s in (1.5, None)
    assert meter.memory_bytes() is None


def test_a_page_that_no_port_has_is_told():
    with pytest.raises(UsageError, match="is no URL"):
        meter_of(parse_url("prod=http://h:1/v1/models/m,metrics=http://h:99999/metrics"))

"""What a server says of its own time: the Server-Timing header of an answer, and the counters of its Prometheus page.

Nothing here knows what a name means: who asked for the load test does.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from serveoff.loadtests.loads import Load
from serveoff.services.probes import page

TIMEOUT_S = 2.0
"""A page that takes longer is not read: it is asked for beside the requests that are about to be measured."""
_TOKEN = r"[^\s;,=\"]+"
_VALUE = r'"[^"]*"|[^\s;,]*'
_ENTRY = re.compile(rf"({_TOKEN})((?:\s*;\s*{_TOKEN}\s*(?:=\s*(?:{_VALUE}))?)*)")
_PARAMETER = re.compile(rf";\s*({_TOKEN})\s*=\s*({_VALUE})")
_NUMBER = re.compile(r'"?(\d+(?:\.\d+)?)"?')
_GROWING = {"counter": ("_total",), "histogram": ("_sum", "_count"), "summary": ("_sum", "_count")}
"""A family's type to how the names of its samples that only ever grow end; the parser adds a missing `_total`."""

Counters = Mapping[str, float]
"""A sample's name and labels, as `name{label="value"}`, to its value."""


def parse_server_timing(header: str) -> dict[str, float]:
    """Seconds by name; the header has milliseconds (https://www.w3.org/TR/server-timing/). No number: no entry."""
    found = {}
    for name, parameters in _ENTRY.findall(header):
        values = {key.lower(): value for key, value in _PARAMETER.findall(parameters)}
        if number := _NUMBER.fullmatch(values.get("dur", "")):
            found[name] = float(number[1]) / 1e3
    return found


def mean_timings(headers: Sequence[str]) -> tuple[int, dict[str, float]]:
    """How many headers could be read, and the mean seconds of every duration that all of these have."""
    read = [timings for header in headers if (timings := parse_server_timing(header))]
    if not read:
        return 0, {}
    names = [name for name in read[0] if all(name in timings for timings in read)]
    return len(read), {name: sum(timings[name] for timings in read) / len(read) for name in names}


def parse_counters(text: str) -> dict[str, float]:
    """The samples of a Prometheus page that only ever grow; of histograms and summaries their sums and counts.

    A page is read up to its first line that is none.
    """
    found = {}
    with suppress(ValueError):
        for family in text_string_to_metric_families(text):
            grow = {family.name + part for part in _GROWING.get(family.type, ())}
            found.update({_key(sample): sample.value for sample in family.samples if sample.name in grow})
    return found


def grown(before: Counters, after: Counters) -> dict[str, float]:
    """By how much each counter grew, where it did. A new one began at zero; of one that fell nothing is known."""
    steps = {name: value - before.get(name, 0.0) for name, value in after.items()}
    return {name: step for name, step in steps.items() if step > 0}


def read_counters(url: str) -> dict[str, float] | None:
    """The counters of a page; None where there is none to be had. Other users go on meanwhile."""
    parts = urlsplit(url)
    text = page(parts.netloc, parts.path or "/", TIMEOUT_S)
    return None if text is None else parse_counters(text)


def one_caller(load: Load) -> bool:
    """A closed loop in which no request waits for another's."""
    return load.closed and load.concurrency == 1


def _key(sample: Sample) -> str:
    labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
    return f"{sample.name}{{{labels}}}" if labels else sample.name

"""C6: who answers for a layer, asked after all that was timed."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from serveoff.analyse.claims.by_construction import AGREE_WITHIN
from serveoff.analyse.claims.pairs import DYNAMIC
from serveoff.analyse.claims.ruling import Exhibit, Ruling, Voice, rule
from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import Evidence
from serveoff.analyse.statistics.draws import RESAMPLES
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.record.endpoint_results import LayerProbe
from serveoff.record.suite import Suite

CLAIM = "A static graph returns final outputs only; a dynamic one shows intermediate results"
RULE = (
    "Every deployment is asked for the output of the last hidden layer. A dynamic form that answers and a static graph "
    "that refuses speak for the claim. A dynamic form that refuses and a static graph that answers speak against it. "
    "A failed request leaves it open. Both kinds are needed. Protocols that cannot name a layer do not decide. For a "
    "model without named layers the claim is not measured."
)
MEASURE = "`serveoff run 'flask-*'`"
GRAPHS, FORMS = "static graphs", "dynamic forms"
OUR_WORDS = "Refusals are quoted from serveoff's own Flask services."
NO_LAYERS = "The model has no named layers."


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Judge the claim by what was asked after all that was timed."""
    asked = [(e, e.result.layers) for e in evidence.entries if e.result.layers and e.role == "contender"]
    probed = [(entry, layers) for entry, layers in asked if layers is not None]
    answered = [(entry, layers) for entry, layers in probed if layers.outcome == "answered"]
    if probed and not any(layers.layer for _, layers in probed):
        return Ruling("not measured", NO_LAYERS)
    exhibits = [_exhibit(entry, layers, suite.settings.seed) for entry, layers in probed]
    found = rule((*exhibits, *_same_values(answered)), needed=(FORMS, GRAPHS))
    if not probed:
        return found
    refused = any(layers.outcome == "refused" for _, layers in probed)
    return replace(found, reason=f"{_said(exhibits)}{f' {OUR_WORDS}' if refused else ''}")


def cost(probe: LayerProbe, seed: Sequence[int]) -> Estimate | None:
    """Median latency with the layer over that without; the interval draws pairs of requests again."""
    over, under = np.array(probe.with_layer_s), np.array(probe.without_s)
    if not over.size or over.size != under.size or min(over.min(), under.min()) <= 0:
        return None
    drawn = np.random.default_rng(seed).integers(0, over.size, (RESAMPLES, over.size))
    ratios = np.median(over[drawn], axis=1) / np.median(under[drawn], axis=1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    value = float(np.median(over) / np.median(under))
    return Estimate(value, min(float(low), value), max(float(high), value), over.size)


def _exhibit(entry: Entry, probe: LayerProbe, seed: int) -> Exhibit:
    group = FORMS if entry.result.format in DYNAMIC else GRAPHS
    plain = Exhibit(group, probe.reason, mine=entry.name, speaks=_voice(group, probe))
    if probe.outcome == "refused":
        return replace(plain, shows=f"refused: {probe.reason}")
    if probe.outcome != "answered":
        return plain
    shape = "×".join(map(str, probe.shape))
    spent = cost(probe, [seed, zlib.crc32(entry.name.encode())])
    return replace(
        plain,
        shows=f"answered layer {probe.layer}, shape {shape}",
        metric="p50 with the layer over p50 without",
        figure=spent,
    )


def _voice(group: str, probe: LayerProbe) -> Voice:
    if probe.outcome in ("failed", "not asked"):
        return "open" if probe.outcome == "failed" else ""
    return "for" if (probe.outcome == "answered") == (group == FORMS) else "against"


def _same_values(answered: Sequence[tuple[Entry, LayerProbe]]) -> Iterator[Exhibit]:
    """Each answer against the first, over the values that were kept; an error counts by the size of the largest."""
    for entry, probe in answered[1:]:
        first = answered[0][1]
        if probe.shape != first.shape or not 0 < len(probe.values) == len(first.values):
            yield Exhibit("agreement", f"shape {probe.shape}, not {first.shape}", entry.name, answered[0][0].name)
            continue
        mine, its = np.array(probe.values), np.array(first.values)
        error = float(np.abs(mine - its).max() / (np.abs(its).max() or 1.0))
        yield Exhibit(
            "agreement",
            "the layer's values agree" if error <= AGREE_WITHIN else "the layer's values differ",
            mine=entry.name,
            other=answered[0][0].name,
            metric="error, of the largest value",
            figure=Estimate(error, None, None, len(probe.values)),
            unit="error",
        )


def _said(exhibits: Sequence[Exhibit]) -> str:
    counts = []
    for group in (FORMS, GRAPHS):
        asked = [e for e in exhibits if e.group == group and e.speaks]
        counts.append(f"{sum(bool(e.metric) for e in asked)} of {len(asked)} {group}")
    return f"Asked for the layer, {' and '.join(counts)} answered."

"""C10: more workers, and what one more replica takes in docker-compose.yml."""

from collections.abc import Iterator, Sequence

from serveoff.analyse.claims.pairs import FRAMEWORK, Pair, callers, contrasts
from serveoff.analyse.claims.ruling import Exhibit, Ruling, beside
from serveoff.analyse.evidence import THROUGHPUT, Evidence
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.loadtests.loads import closed
from serveoff.record.suite import Suite

CLAIM = "Data parallelism is easier in PyTorch than in TF1"
RULE = (
    "Easier is no measure. Shown: the throughput of deployments with more workers, compared with the same deployment "
    "without, and the lines that one more replica takes in docker-compose.yml. With fewer server cores than workers, "
    "more workers cannot help."
)
MEASURE = "`serveoff run --vary workers=2,4`, on more cores than workers"
SETTING = "workers"


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """The variants of workers, and what was counted in docker-compose.yml."""
    effort = _effort(evidence)
    return beside((*contrasts(evidence, _pairs(evidence)), *effort), _lines(effort))


def _pairs(evidence: Evidence) -> Iterator[Pair]:
    most = closed(callers(evidence)[1])
    bases = {entry.name: entry for entry in evidence.contenders}
    for variant in evidence.entries:
        if variant.result.variant.partition("=")[0] == SETTING:
            group = FRAMEWORK.get(variant.result.format, "")
            yield Pair(group, variant, bases.get(variant.result.base), most, THROUGHPUT)


def _lines(effort: Sequence[Exhibit]) -> str:
    counts = sorted(int(e.figure.value) for e in effort if e.figure and e.figure.value is not None)
    if not counts:
        return ""
    many = (
        f"{counts[0]} to {counts[-1]} lines" if counts[0] < counts[-1] else f"{counts[0]} line{'s' * (counts[0] > 1)}"
    )
    return f"One more replica takes {many} of docker-compose.yml in each of {len(counts)} deployments."


def _effort(evidence: Evidence) -> list[Exhibit]:
    """One exhibit for each deployment that may win, with what it takes to replicate it."""
    counted: dict[str, Exhibit] = {}
    for entry in evidence.contenders:
        found = entry.result.replication
        if found and entry.result.format in FRAMEWORK and entry.result.deployment not in counted:
            counted[entry.result.deployment] = Exhibit(
                FRAMEWORK[entry.result.format],
                "one more replica: a setting" if found.by_setting else "one more replica: one more service",
                mine=entry.name,
                metric="lines of docker-compose.yml",
                figure=Estimate(float(found.lines), None, None, 1),
                unit="lines",
            )
    return list(counted.values())

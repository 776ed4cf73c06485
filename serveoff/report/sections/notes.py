"""The report's prose: what to know first, and how to compute it again."""

from collections import Counter

from serveoff.analyse.comparison import Comparison
from serveoff.loadtests.problems import WindowCode
from serveoff.record.attached import ATTACHED
from serveoff.report.phrases import attached
from serveoff.report.phrases.names import all_of, callers, counted, server
from serveoff.report.phrases.numbers import percent
from serveoff.report.phrases.recommendation import OBJECTIVES
from serveoff.report.phrases.runtimes import isolation
from serveoff.report.section import Link, Section
from serveoff.report.sections.run.devices import fell_back

STAND_IN = (
    "TensorFlow Serving itself did not run here; what stands in for it, TensorFlow in a Python process with the same "
    "API, is not ranked."
)
PAYLOADS = "REST sends JSON, the same bytes to every server; gRPC sends binary: compare REST only with REST."

COARSEST = 1.0
"""A run that would miss a difference by twice is said to see factors, not shares."""
RECIPE = "docs/recipes/headline_pandas.py"

APIS = "They speak different APIs, so part of a difference may be the API's."


def raw_data(comparison: Comparison) -> Section:
    """Where everything is, and how to compute it again."""
    folder = comparison.folder
    return Section(
        "raw-data",
        "Raw data",
        paragraphs=(
            f"Raw rows, one per request: `results/{folder}/rows/*.parquet`; settings and slices: "
            f"`results/{folder}/run.json`. "
            f"`serveoff report {folder}` writes this page again with the same figures, because every draw is seeded. "
            f"{_others(comparison)}The headline table by pandas alone:",
        ),
        code=recompute(comparison),
    )


def _others(comparison: Comparison) -> str:
    of_models = f"`serveoff summary {comparison.folder} RUN` compares it with runs of other models. "
    return "" if comparison.attached.only else of_models


def beside(comparison: Comparison) -> Section | None:
    """Summaries that set this run beside other models; nothing where there is none."""
    if not comparison.beside:
        return None
    links = tuple(Link(", ".join(s.models), s.page, s.markdown, f" ({s.summary_id})") for s in comparison.beside)
    return Section("beside", "Beside other models", links=links)


def caveats(comparison: Comparison) -> list[str]:
    """What a reader must know before the first figure."""
    said = []
    if comparison.partial:
        said.append(
            "This run is partial: it was interrupted or is still running. Figures are provisional, and loads that "
            f"were not measured are INVALID. Finish it with `serveoff run --resume {comparison.suite.run_id}`."
        )
    if fallen := fell_back(comparison):
        said.append(fallen)
    said += replaced(comparison)
    if comparison.suite.settings.together and not comparison.attached.only:
        said.append(isolation(comparison))
    return said


def replaced(comparison: Comparison) -> list[str]:
    """Servers that lost a process while they were measured, and how many slices that cost."""
    lost: Counter[str] = Counter()
    for result in comparison.suite.endpoints:
        codes = [{problem.code for problem in window.problems} for window in result.windows]
        lost[result.deployment] += sum(WindowCode.SERVER_REPLACED in found for found in codes)
    return [
        f"A process of {name} ended while it was measured, and was replaced or is missing: "
        f"{'1 slice is' if slices == 1 else f'{slices} slices are'} excluded. Its log is logs/{name}.log."
        for name, slices in lost.items()
        if slices
    ]


def resolution(comparison: Comparison) -> str:
    """The smallest difference that the run would have seen, by objective; nothing where no pair has an interval."""
    several = sum(entry.role == "contender" for entry in comparison.entries) > 2
    shown = set(comparison.decision.matrix.objectives)
    shares = {name: share for name, share in comparison.resolution.items() if name in shown}
    said = [f"{percent(share)} in {OBJECTIVES[objective]}" for objective, share in shares.items() if share <= COARSEST]
    coarse = [OBJECTIVES[objective] for objective, share in shares.items() if share > COARSEST]
    of = " of a typical pair" if several else ""
    resolved = [f"The smallest difference{of} that this run would show: {all_of(said)}."] if said else []
    far = [f"In {all_of(coarse)} it shows only factors above 2."] if coarse else []
    return " ".join(resolved + far)


def title(comparison: Comparison) -> str:
    """The report's title."""
    if comparison.attached.only:
        return attached.title(comparison)
    return f"How to serve {comparison.suite.settings.model}"


def lede(comparison: Comparison) -> str:
    """One line under the title: what was compared, where, how."""
    s = comparison.suite.settings
    contenders = [e for e in comparison.entries if e.role == "contender"]
    there = [e for e in contenders if e.result.server == ATTACHED]
    servers = dict.fromkeys(server(e.result) for e in contenders if e not in there)
    marked = "Partial run. " if comparison.partial else ""
    where = "in containers, " if s.runtime == "docker" else ""
    asked = (
        callers(s.concurrencies[0]) if len(s.concurrencies) == 1 else f"{all_of([*map(str, s.concurrencies)])} callers"
    )
    ours = f"{counted(len(contenders) - len(there), 'endpoint')} of one trained model on {all_of(list(servers))}"
    already = f"{counted(len(there), 'endpoint')} that already {'runs' if len(there) == 1 else 'run'}"
    compared = f"{ours} and {already}" if there and servers else already if there else ours
    return (
        f"{marked}{compared}, {where}each with {asked}, up to {counted(comparison.suite.rounds, 'round')}, "
        f"{comparison.suite.environment.machine.cores_said}."
    )


def alone(comparison: Comparison) -> str:
    """The fewest callers of this run, in words."""
    return callers(comparison.concurrencies[0]) if comparison.concurrencies else "1 caller"


def fewest_or_most(comparison: Comparison) -> str:
    """Under which loads a throughput is the best: `1 or 16 callers, the higher`."""
    counts = comparison.concurrencies
    if len(counts) < 2:
        return alone(comparison)
    return f"{counts[0]} or {callers(counts[-1])}, the higher"


def recompute(comparison: Comparison) -> str:
    """The command that computes percentiles and throughput from the raw rows, without code of ours."""
    return f"python {RECIPE} results/{_path(comparison.folder)}"


def _path(folder: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "?" for c in folder)

"""All that a run keeps of one endpoint."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, NonNegativeInt

from serveoff.loadtests.loads import Load, parse_load
from serveoff.loadtests.recording.windows import Window
from serveoff.record.base import Record
from serveoff.record.cold_starts import ColdStart
from serveoff.record.problems import Problem
from serveoff.record.resources import Container, Resources

OUT_OF_THE_BOX: Final = "defaults"
"""The variant of a server as it comes."""
PRECISION: Final = "precision"
"""The setting of a variant that computes in a lower precision: `precision=int8`."""


def _load_text(text: str) -> str:
    parse_load(text)
    return text


LoadText = Annotated[str, AfterValidator(_load_text)]
"""A load as `Load.text` writes it."""


class Gate(Record):
    """The agreement gate: live answers against the golden outputs, before anything is timed."""

    passed: bool
    checked: int
    max_abs_error: float | None
    """Largest error of any output; None where an answer was no number, or could not be compared."""
    worst_share: float | None = None
    """Largest error as a share of what serveoff.models.agreement allows there: above 1 it is wrong. None: not finite,
    or a run of before it was recorded, in which the absolute error decided."""
    top1_agreement: float | None
    """Share of inputs with the same most probable class; None where no output tells classes apart."""
    answer_s: float | None = None
    """Mean seconds of an answer, asked for one at a time; None: not recorded."""
    problem: Problem | None = None
    """Why it failed."""
    equal: float | None = None
    """Share of the samples that an attached endpoint answered as its reference did; None for any other."""
    worst_input: int | None = None
    """The sample with the largest error, of an attached endpoint."""
    checks: dict[str, bool] = {}
    """Of a floor: what is true of its framework by construction (serveoff.models.construction), and whether it was."""


class LabelledAnswers(Record):
    """One endpoint, asked for its answers to labelled samples before anything was timed, one sample a request.

    Every endpoint is asked for the same samples in the same order; a slow one for a first part of them.
    """

    samples: int
    """How many the model has."""
    right: list[bool]
    """Of those that were asked, whether the most probable class is the true one."""


class LayerProbe(Record):
    """One endpoint, asked for the output of one layer of its model after all that was timed.

    `refused`: it says why it cannot; `failed`: it gave no proper answer; `not asked`: its protocol cannot name a layer,
    or the model names none.
    """

    layer: str
    """Empty where the model names none."""
    outcome: Literal["answered", "refused", "failed", "not asked"]
    reason: str = ""
    shape: list[int] = []
    values: list[Annotated[float, Field(allow_inf_nan=True)]] = []
    """The first of the layer's values for the first golden input."""
    with_layer_s: list[float] = []
    without_s: list[float] = []
    """Latencies of requests for that input, in turns: for the layer, and for the final outputs."""


class Replication(Record):
    """What docker-compose.yml takes to run one more replica of a deployment.

    `by_setting`: a setting says how many; else it is one more service.
    """

    by_setting: bool
    lines: int
    """Lines of the file that change, or that the other service has."""


class EndpointResult(Record):
    """All that was measured of one endpoint, or why it could not be measured (`unavailable`)."""

    endpoint: str
    deployment: str
    server: str
    format: str
    protocol: str
    variant: str = ""
    """The setting in which it differs from `base`, `workers=2`; empty for what the run compares."""
    base: str = ""
    """The endpoint that it is a variant of."""
    payload: str
    """What a request carries: `json`, `tensor` or `bytes`, or `array` (in process, nothing encoded)."""
    encodings: dict[str, str] = {}
    """Every encoding that it takes, by the name of its module, empty for its own: what a request of it carries.
    Empty in a run that did not record them."""
    taken: list[str] = []
    """What requests to its deployment may carry, over all its protocols; empty in a run that did not record it."""
    encoding_gates: dict[str, Gate] = {}
    """The agreement gate of each encoding besides its own; one that failed is not measured."""
    left_out: dict[LoadText, Problem] = {}
    """Loads that are not asked of it, as text (serveoff.loadtests.loads), and why."""
    request_bytes: int | None = None
    artifact_sha256: str | None = None
    artifact_bytes: NonNegativeInt | None = None
    device: str | None = None
    """Where the model truly computed, as its server says: `cpu`, `cuda:0`; None: it does not say."""
    executor: str = ""
    """What runs its artifact, where the format may be run by several: `AOTInductor` or `torch.export`."""
    precision: str = ""
    """What it computes in, by its own word, where that is lower than its artifact's: `int8`, `bfloat16`."""
    labelled: LabelledAnswers | None = None
    """Of an endpoint of a lower precision, and of the one that it is a variant of; None: the model has no labels."""
    versions: dict[str, str] = {}
    """Of its server and of the framework that computes in it; empty in a run that did not record them."""
    container: Container | None = None
    resources: Resources | None = None
    memory_bytes: NonNegativeInt | None = None
    """Proportional set sizes (PSS) of its deployment's processes, summed; the largest of several readings, in which all
    deployments were at rest. None: the kernel does not let this user read them."""
    unavailable: Problem | None = None
    address: str = ""
    """`host:port` of an attached endpoint; empty for any other."""
    place: int = 0
    """Among the attached endpoints of its run, as they were given: the first one, 0, is what they are held against."""
    reference: bool = False
    """Whether its own answers are what those of the other attached endpoints are compared with."""
    stopped: Problem | None = None
    """Why it was left alone amid the run, of an attached endpoint."""
    note: str = ""
    cold_start: ColdStart | None = None
    """The first one."""
    cold_starts: list[ColdStart] = []
    """All of its deployment, the first one included, in the order in which they were made."""
    still_warming_s: float | None = None
    """Seconds of warm-up after which some start of it still got quicker; None: all were warm."""
    gate: Gate | None = None
    windows: list[Window] = []
    """In the order measured; on disk in a file of their own (serveoff.record.slices)."""
    out_after: int | None = None
    """The start after whose rounds it was out of every race, and took no more."""
    layers: LayerProbe | None = None
    replication: Replication | None = None

    @property
    def starts(self) -> list[ColdStart]:
        """Every cold start that was recorded; runs of before there were repeats have the first one only."""
        return self.cold_starts or ([self.cold_start] if self.cold_start else [])

    def windows_of(self, load: Load) -> list[Window]:
        """Its windows under one load, without the probes of a search."""
        return [window for window in self.windows if window.load == load and not window.search]

"""Every code that a problem of a run can have. Programs ask for the code; text and advice are for people.

Those of a window are in serveoff.loadtests.problems: a load generator knows nothing of a run.
"""

from enum import StrEnum

from serveoff.loadtests import problems
from serveoff.loadtests.problems import WindowCode


class StartCode(StrEnum):
    """Why a server cannot be measured, from its start on."""

    NOT_STARTED = "not started"
    """The machine or the container engine refused to start it."""
    ENDED = "ended"
    """Its process or container ended by itself, or was killed."""
    TIMED_OUT = "timed out"
    """It was not where it should be within its deadline."""
    MISBEHAVED = "misbehaved"
    """It said that it was ready and gave no proper first answer, or said something else than was asked."""
    NOT_INSPECTED = "not inspected"
    """Its container cannot be looked into."""


class RequestCode(StrEnum):
    """Why an endpoint, or a load of it, is not asked for anything."""

    NO_ARTIFACT = "no artifact"
    """The model has none of this format."""
    NOT_CARRIED = "not carried"
    """The encoding cannot carry the model's inputs."""
    TOO_LARGE = "too large"
    """A request would be larger than servers take."""
    SHORT_RUN = "short run"
    """It cannot rank, and the run has no time for it."""
    LEFT_ALONE = "left alone"
    """It is not ours, and failed or slowed down while it was asked."""


class GateCode(StrEnum):
    """Why an endpoint fails the agreement gate."""

    WRONG_ANSWER = "wrong answer"
    """An answer differs from the golden one by more than is allowed."""
    NO_ANSWER = "no answer"
    """None came, or an error."""
    MISMATCH = "mismatch"
    """What came cannot be compared: other outputs, shapes or dtypes, or it cannot be read."""


class ResourceCode(StrEnum):
    """What a server had that it was not asked to have."""

    CORES = "cores"
    CPU_LIMIT = "CPU limit"
    MEMORY_LIMIT = "memory limit"
    SETTING = "setting"
    """Its workers, threads or batching, by its own word."""


class EvidenceCode(StrEnum):
    """Why a window, though nothing went wrong in it, does not tell whether a rate can be held."""

    NO_ROWS = "no rows"
    """Its raw rows cannot be read."""
    NO_REQUESTS = "no requests"
    """None was due in it."""
    FEW_SAMPLES = "few samples"


Code = WindowCode | StartCode | RequestCode | GateCode | ResourceCode | EvidenceCode
Problem = problems.Problem[Code]
"""Of anything that a run does."""

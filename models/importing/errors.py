"""What goes wrong with a user's file: a code that programs ask for, and words for people."""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from serveoff.models.manifest import ArtifactError


class ImportCode(StrEnum):
    """Why a model cannot be imported."""

    FLAG = "flag"
    """A flag's value cannot be used, or names what is not there."""
    NO_MODEL = "no model"
    """There is no file, or it is none of the kinds that can be imported, or not of the one that was named."""
    DAMAGED = "damaged"
    """Its file is not whole, or is not built as its kind is."""
    INPUTS = "inputs"
    """What it takes is not known, is not as it was said, or cannot be served."""
    SAMPLES = "samples"
    """The user's own inputs do not fit it."""
    LABELS = "labels"
    """The user's own classes are not of these inputs, or not of this model."""
    NOT_READ = "not read"
    """Its framework cannot read it."""
    NO_ANSWER = "no answer"
    """It can be read, and does not answer as a served model must."""
    NO_FORMAT = "no format"
    """No format comes of it, or not the one that it is."""


@dataclass(frozen=True)
class Problem:
    """Why a model cannot be imported, and what to do about it."""

    code: ImportCode
    text: str
    advice: str = ""


class ImportFailed(ArtifactError):
    """A model that cannot be imported; the problem's text names the file and the cause."""

    def __init__(self, code: ImportCode, text: str, advice: str = "") -> None:
        super().__init__(text, advice)
        self.problem = Problem(code, text, advice)

    def __str__(self) -> str:
        return f"{self.text}\n  next: {self.remedy}" if self.remedy else self.text


bad_flag = partial(ImportFailed, ImportCode.FLAG)
no_model = partial(ImportFailed, ImportCode.NO_MODEL)
damaged = partial(ImportFailed, ImportCode.DAMAGED)
bad_inputs = partial(ImportFailed, ImportCode.INPUTS)
bad_samples = partial(ImportFailed, ImportCode.SAMPLES)
bad_labels = partial(ImportFailed, ImportCode.LABELS)

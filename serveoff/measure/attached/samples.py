"""What attached endpoints are asked: arrays of a `.npz`, bodies as they were logged, or a model's golden inputs."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Self

import numpy as np

from serveoff.errors import ArtifactFailure, UsageError
from serveoff.loadtests.samples import SamplesError, read_samples, spec_of
from serveoff.models.importing.samples import BROKEN, check_size
from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Batch, rows_of, take

MOST: Final = 256
"""Samples, spread evenly over a file that has more: each is asked for by itself before anything is timed."""
MOST_BYTES: Final = 2**27
INPUTS: Final = "inputs/"
LINES: Final = (".jsonl", ".ndjson")
HOW: Final = "give a .npz with an array (n, ...) of each input, or a .jsonl with a request body a line"


@dataclass(frozen=True)
class Samples:
    """Rows of inputs, or whole request bodies; and the right answers, where they are known."""

    inputs: Batch = field(default_factory=dict)
    bodies: tuple[bytes, ...] = ()
    outputs: Batch | None = None
    """(n, ...) each; None: nobody knows the right answers."""
    tensors: tuple[TensorSpec, ...] = ()
    """What the outputs are, where they are known: those computed in a coarser precision may be further off."""

    @property
    def count(self) -> int:
        """How many there are."""
        return rows_of(self.inputs) if self.inputs else len(self.bodies)

    def row(self, number: int) -> Batch:
        """The inputs of one sample, (1, ...) each."""
        return take(self.inputs, slice(number, number + 1))

    def spread(self, most: int) -> Self:
        """So many of them at most, evenly apart."""
        if self.count <= most:
            return self
        chosen = np.arange(most) * self.count // most
        return replace(
            self,
            inputs=take(self.inputs, chosen),
            bodies=tuple(self.bodies[number] for number in chosen) if self.bodies else (),
            outputs=None if self.outputs is None else take(self.outputs, chosen),
        )


def sha256_of(path: str) -> str:
    """Of a file of samples; UsageError where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"cannot read the samples {path}: {error.strerror}", HOW) from None


def read(path: str, model: str) -> Samples:
    """Those of a file, or, without one, the golden ones of a model."""
    if not path:
        return _golden(model)
    read_as = _bodies if path.endswith(LINES) else _arrays
    try:
        found = read_as(Path(path))
    except BROKEN as error:
        raise UsageError(f"cannot read the samples {path}: {error}", HOW) from None
    if not found.count:
        raise UsageError(f"{path} has no samples", HOW)
    return found.spread(MOST)


def _golden(model: str) -> Samples:
    try:
        golden, tensors = read_samples(model), spec_of(model).outputs
    except SamplesError as error:
        raise ArtifactFailure(str(error)) from None
    return Samples(inputs=golden.inputs, outputs=golden.outputs, tensors=tensors)


def _bodies(path: Path) -> Samples:
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES >> 20} MiB")
    bodies = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if line.strip():
            try:
                json.loads(line)
            except ValueError as error:
                raise ValueError(f"line {number} is no JSON: {error}") from None
            bodies.append(line.strip())
    return Samples(bodies=tuple(bodies))


def _arrays(path: Path) -> Samples:
    """As golden.npz has them (`inputs/<name>`), or an array of each input by its name."""
    check_size(path)
    loaded = np.load(path, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        raise ValueError("it holds one array without a name: np.savez(FILE, NAME=array)")
    with loaded as file:
        names = [name for name in file.files if name.startswith(INPUTS)]
        names = names or [name for name in file.files if "/" not in name and name != "labels"]
        inputs = {name.removeprefix(INPUTS): file[name] for name in names}
    for name, array in inputs.items():
        if array.ndim == 0 or array.dtype.kind not in "fiubSU":
            raise ValueError(f"{name} is no array of numbers or texts (n, ...) but {array.dtype}{array.shape}")
    if len({len(array) for array in inputs.values()}) > 1:
        sizes = ", ".join(f"{name} {len(array)}" for name, array in inputs.items())
        raise ValueError(f"its arrays have different numbers of rows: {sizes}")
    return Samples(inputs=inputs)

"""What a user can do about a model whose framework fails on it: one step for each way to fail."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from serveoff.models.importing import samples
from serveoff.models.importing.kinds import Kind
from serveoff.models.importing.source import ImportRequest
from serveoff.models.jobs import JobFailed
from serveoff.models.jobs.child import JobCode
from serveoff.models.spec import TensorSpec, artifacts_root

FLOATS = ("float32", "float64", "bool")
BOUND = re.compile(r"(?<=\s)\[(?:0|-\d+), ?(\d+)([)\]])")
"""The range that a framework says an index must lie in: `[0, 50)`, `[-50,49]`."""
SIZES = re.compile(
    r"[Mm]atrix size-incompatible|[Ii]ncompatible shapes|incompatible with the layer|expected shape=|input depth must"
    r"|[Dd]imensions? (?:mismatch|must be equal)|Input to reshape is|cannot be reshaped|invalid dimensions"
    r"|to broadcast an axis"
)
"""What TensorFlow, Keras and ONNX Runtime say of rows of another size than a model is made for."""
ONE_AFTER_ANOTHER = (
    "it is called with a tensor for each input; what takes them otherwise, as a dict, needs a module around it"
)
INDEX = re.compile(r"\b[Ii]nd(?:ex|ices)|out of (?:range|bounds)")
"""What a framework says of a number that is no index."""


def log_of(name: str) -> Path:
    """Where the frameworks' own words about a model are kept, if an import of it had any trouble."""
    return artifacts_root() / ".logs" / f"{name}.log"


def of_reading(request: ImportRequest, kind: Kind, error: JobFailed) -> str:
    """For a file that its framework does not read."""
    if step := error.advice or _of_process(request, error):
        return step
    where = f"what {kind.FRAMEWORK} said of it is in {log_of(request.name)}"
    return f"read it where it was made, perhaps by another version; {where}"


def of_answering(request: ImportRequest, inputs: Sequence[TensorSpec], error: JobFailed) -> str:
    """For a model that does not answer; one that fails with a single row may have got wrong inputs."""
    if step := error.advice or _of_process(request, error):
        return step
    if error.code is JobCode.FAILED_WITH_ONE_ROW or (error.code is JobCode.FAILED and BOUND.search(error.reason)):
        return f"{_of_inputs(request, inputs, error.reason)}; what its framework said is in {log_of(request.name)}"
    return f"what its framework said is in {log_of(request.name)}" if error.code is JobCode.FAILED else ""


def of_fixed_rows(rows: int) -> str:
    """For a model that was made for so many rows, and takes no other number."""
    free = "save it with a free first axis: None in TensorFlow and Keras, a name in ONNX, a Dim in torch.export"
    if rows != 1:
        return free
    converted = "python -m tf2onnx.convert makes of a SavedModel or a frozen graph is served row by row where need be"
    return f"{free}; or import the ONNX file that {converted}"


def of_sizes(dtypes: Mapping[str, str]) -> str:
    """For rows of another size than a model takes; its inputs' dtypes by their names."""
    flags = " ".join(f"--input '{name}:{dtype}[-1,SIZE]'" for name, dtype in dtypes.items())
    return f"give rows of the size that it takes: {flags}, or --samples FILE.npz"


def _of_process(request: ImportRequest, error: JobFailed) -> str:
    if error.code is JobCode.TIMED_OUT:
        return f"give it longer: --timeout {2 * request.timeout_s:g}"
    return f"the last words of the process are in {log_of(request.name)}" if error.code is JobCode.CRASHED else ""


def _of_inputs(request: ImportRequest, inputs: Sequence[TensorSpec], reason: str) -> str:
    tensors = {tensor.name: tensor for tensor in inputs if tensor.dtype not in FLOATS}
    integers = list(tensors)
    if SIZES.search(reason):
        return of_sizes({tensor.name: tensor.dtype for tensor in inputs})
    if request.samples:
        return "try it in its own framework with these inputs"
    if not integers or not (BOUND.search(reason) or INDEX.search(reason)):
        return "give real inputs: --samples FILE.npz"
    found = BOUND.search(reason)
    most = int(found[1]) - (found[2] == ")") if found else 9
    drawn = {name: samples.range_of(request.ranges, tensor) or samples.INTEGERS for name, tensor in tensors.items()}
    said = ", ".join(f"{name} ({low:g}..{high:g})" for name, (low, high) in drawn.items())
    beyond = [name for name, (low, high) in drawn.items() if low < 0 or high > most] or integers
    flags = " ".join(f"--input-range {name}=0:{most}" for name in beyond)
    return (
        f"integers were drawn for {said}: where the model takes others, give real inputs, --samples FILE.npz, or their "
        f"range: {flags}"
    )

"""Why a PyTorch module fails on its inputs, where its framework's words do not say what to do about it."""

import re

from serveoff.models.convert.torch_reasons import line_of
from serveoff.models.importing import next_steps
from serveoff.models.importing.source import Found
from serveoff.models.jobs.child import Refused
from serveoff.models.tensors import Batch

_REASONS = (
    (
        r"CUDA|NVIDIA",
        "it moves tensors to a GPU by itself",
        "have it take its inputs' device, x.device: a model is served on the CPU, or on the device that is asked for",
    ),
    (
        r"shape '\[\d+.*\]' is invalid for input of size",
        "it gives a tensor a shape that its rows do not fill: for a fixed number of rows, as a trace has it, "
        "or for rows of another size than --input says",
        "give it rows of its size; let shapes follow the input, x.reshape(-1, 6) or len(x), or script it, not trace it",
    ),
    (
        r"more than 1 value per channel when training",
        "a BatchNorm of it computes with the rows beside, also after eval()",
        "build it with track_running_stats=True, so that it keeps the averages of its training",
    ),
    (
        r"require grad|[Ii]nference tensors?",
        "it computes gradients, which are off where a model is served",
        "import the part of it that needs none",
    ),
)
UNPACKED = r"values to unpack|too many indices|only integers, slices"
"""What Python and PyTorch say of a tensor that is taken apart as a tuple or a dict is."""
_SIZES = (
    r"shapes cannot be multiplied|size mismatch, got input|to have \d+ channels|size of tensor .* must match"
    r"|must match the existing size|Sizes of tensors must match|Given normalized_shape="
    r"|[Ee]xpected (?:input to be )?\dD|must be equal to input_size|greater than actual input size"
    r"|[Oo]utput size is too small|should contain \d+ elements|expecting embedding dimension"
)
"""What PyTorch says of rows that its layers are not made for."""
_DTYPES = r"same dtype|expected scalar type|should be the same|expected m1 and m2|scalar types: Long, Int; but got"
BESIDE = (
    "a model runs in another folder than yours, where relative paths lead nowhere: make them absolute, from __file__, "
    "and what lies beside the code is copied with it: Path(__file__).with_name('config.json')"
)


def refusal(error: Exception, found: Found, batch: Batch) -> Refused | None:
    """A module's error in words that say what to do; None where its own do better."""
    message = str(error)
    floats = {name: array for name, array in batch.items() if array.dtype.kind == "f"}
    if floats and (other := re.search(_DTYPES, message)):
        name, array = next(iter(floats.items()))
        computed = found.precision or ("float32" if array.dtype == "float64" else "float64")
        computed = "int64" if "Long" in other[0] else computed
        flag = f"{name}:{computed}[{','.join(map(str, (-1, *array.shape[1:])))}]"
        text = f"it computes with {computed}, and its input {name} is {array.dtype}"
        return Refused(text, advice=f"give it that: --input '{flag}'")
    for pattern, reason, advice in _REASONS:
        if re.search(pattern, message):
            return Refused(f"{reason}{line_of(error)}", advice=advice)
    sizes = next_steps.of_sizes({name: str(array.dtype) for name, array in batch.items()})
    for line in message.splitlines():
        if re.search(_SIZES, line):
            text = f"its rows have another size than it takes: {line.strip()}{line_of(error)}"
            return Refused(text, advice=sizes)
    said = f"it fails: {type(error).__name__}: {message}{line_of(error)}"
    if isinstance(error, OSError):
        return Refused(said, advice=BESIDE)
    if isinstance(error, TypeError | KeyError | AttributeError) or re.search(UNPACKED, message):
        axes = f"; where its rows have more axes, {sizes}" if isinstance(error, IndexError) else ""
        return Refused(said, advice=f"{next_steps.ONE_AFTER_ANOTHER}{axes}")
    return None


def on_gpu(error: Exception) -> str:
    """That the user's code moves tensors to a GPU, and where it does; '' for any other error."""
    (pattern, reason, _), message = _REASONS[0], str(error)
    return f"{reason}{line_of(error)}" if re.search(pattern, message) else ""

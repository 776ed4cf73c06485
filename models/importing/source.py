"""What a user points at, and what is found in it: plain data, since it crosses from process to process as JSON."""

import keyword
import re
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from serveoff.models.jobs import DEFAULT_TIMEOUT_S
from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import WIDER

DTYPES = ("float32", "float64", "int32", "int64", "uint8", "bool")
"""What inputs and outputs may be of."""
TEXT = ("string", "str", "object")
"""What frameworks call strings."""
NAMING = ("onnx", "keras", "savedmodel")
"""Kinds whose files name their outputs: `--outputs` chooses among them."""
CAST = tuple(WIDER)
"""What PyTorch's inputs may be of beside: requests carry wider numbers, which are cast before the module."""


class Source(BaseModel):
    """A user's model and what its flags say of it.

    `path` is a file or folder, absolute, or `package.module:factory`. `fetch` and `feed` are names in the source's own
    words: a frozen graph's tensors, or what to call the outputs of a kind that names none. `search` holds the folders
    where the modules of a factory are looked for, before all that is installed. `constants` are inputs, by the source's
    names, that have one value for all requests, and `casts` dtypes that inputs are cast to. `trusted` names modules of
    the user's, and `lambda` the functions in a file, that may be run to read it.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    path: str
    weights: str = ""
    feed: tuple[str, ...] = ()
    fetch: tuple[str, ...] = ()
    signature: str = "serving_default"
    constants: dict[str, bool | float] = {}
    casts: dict[str, str] = {}
    trusted: tuple[str, ...] = ()
    search: tuple[str, ...] = ()


class ImportRequest(BaseModel):
    """A model to import; all paths are absolute."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Source
    name: str
    declared: tuple[TensorSpec, ...] = ()
    samples: str = ""
    labels: str = ""
    ranges: dict[str, tuple[float, float]] = {}
    rows: int = 0
    timeout_s: float = DEFAULT_TIMEOUT_S
    force: bool = False


class Port(BaseModel):
    """An input as the source has it: its own name, and its dtype and shape (-1: free) where the source says them.

    `below`: it holds whole numbers below this, of whichever dtype, as an embedding's ids; 0 where that is not known.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    dtype: str = ""
    shape: tuple[int, ...] | None = None
    optional: bool = False
    below: int = 0


class Found(BaseModel):
    """What a source says of itself: inputs in its own order, and its outputs' names where it has any.

    `settable`: whether `--set` makes a constant of an input. `precision` is the coarsest dtype of floats that it
    computes in, where that is coarser than float32: `bfloat16`. `more`: whether it takes any other inputs, too, in the
    order in which the user names them. `one_row` says why it may be asked row by row, where it answers no batch of
    several. `fixed` is the number of rows that it was made for, where it is asked for any: its answers decide whether
    it can give them. `paths` are the places in its answer of outputs that the user names. `defaulted` are numbers that
    it has a value of its own for, which may be that of training, where `--set` gives none.
    """

    model_config = ConfigDict(frozen=True)

    inputs: tuple[Port, ...]
    outputs: tuple[str, ...] = ()
    settable: bool = False
    precision: str = ""
    more: bool = False
    one_row: str = ""
    fixed: int = 0
    paths: dict[str, str] = {}
    defaulted: tuple[Port, ...] = ()


class Names(BaseModel):
    """The spec's name of each tensor to the source's, in the source's order."""

    model_config = ConfigDict(frozen=True)

    inputs: dict[str, str]
    outputs: dict[str, str] = {}


def identifiers(names: Iterable[str], taken: Iterable[str] = (), *, called: bool = True) -> dict[str, str]:
    """An identifier for each of these names, and the name it stands for: `import/x:0` becomes `import_x`.

    Names of a spec are written into HTTP headers, JSON and graphs: identifiers do in all of them. Those of inputs go
    into Python calls, too (`called`), where no keyword does.
    """
    given, used = dict[str, str](), set(taken)
    for name in names:
        stem = re.sub(r"\W", "_", name.removesuffix(":0"), flags=re.ASCII).strip("_") or "tensor"
        stem = f"t_{stem}" if stem[0].isdigit() or (called and keyword.iskeyword(stem)) else stem
        unique, count = stem, 1
        while unique in used:
            count += 1
            unique = f"{stem}_{count}"
        used.add(unique)
        given[unique] = name
    return given


def written(tensor: TensorSpec) -> str:
    """A tensor as the flag `--input` takes it: `image:float32[-1,28,28,1]`."""
    return f"{tensor.name}:{tensor.dtype}[{','.join(map(str, tensor.shape))}]"


def parsed(text: str) -> TensorSpec:
    """The opposite of `written`; ValueError where the text is not of that form."""
    match = re.fullmatch(r"\s*([^:\[\]]+(?::\d+)?)\s*:\s*(\w+)\s*\[([-\d,\s]*)\]\s*", text)
    if match is None:
        raise ValueError(f"{text!r} is not NAME:DTYPE[SHAPE], as image:float32[-1,28,28,1]")
    name, dtype, shape = (part.strip() for part in match.groups())
    if dtype not in (*DTYPES, *CAST):
        raise ValueError(f"{text!r}: {dtype} is none of {', '.join((*DTYPES, *CAST))}")
    sizes = tuple(int(size) for size in shape.split(",") if size.strip())
    if not sizes or sizes[0] != -1 or any(size < 1 for size in sizes[1:]):
        raise ValueError(f"{text!r}: the shape begins with -1, the batch dimension, and every other size is at least 1")
    return TensorSpec(name=name, shape=sizes, dtype=dtype)

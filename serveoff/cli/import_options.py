"""The options of `serveoff import`, and the request that they stand for."""

import math
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

import typer

from serveoff.models import zoo
from serveoff.models.importing import kinds
from serveoff.models.importing.errors import bad_flag
from serveoff.models.importing.samples import FEWEST_ROWS, MOST_ROWS
from serveoff.models.importing.source import CAST, ImportRequest, Source, parsed
from serveoff.models.loading.user_modules import search_path
from serveoff.models.tensors import carried

NAME = r"[a-z][a-z0-9_]*"
SETTABLE = ("frozen_graph", "savedmodel", "onnx")
"""Kinds whose inputs `--set` can make constants."""
CASTABLE = ("torch", "torchscript")
"""Kinds whose inputs `--input` can have cast."""
MOST_TIMEOUT_S = 7 * 24 * 3600


@dataclass(frozen=True)
class ImportOptions:
    """A model in a file, or made by a factory, and what its file leaves open."""

    source: Annotated[
        str, typer.Argument(metavar="MODEL", help="A file, a SavedModel's folder, or package.module:factory.")
    ]
    name: Annotated[str, typer.Option(help="Its name: lower-case letters, digits and _.")]
    kind: Annotated[
        str,
        typer.Option(
            help="keras, savedmodel, frozen_graph, torchscript, torch_export, torch, onnx. Default: detected."
        ),
    ] = ""
    weights: Annotated[str, typer.Option(help="Weights of a PyTorch module: .safetensors or a state_dict.")] = ""
    input_: Annotated[
        list[str] | None, typer.Option("--input", help="An input that the file leaves open: image:float32[-1,28,28,1].")
    ] = None
    inputs: Annotated[str, typer.Option(help="Input tensors of a frozen graph: a,b.")] = ""
    outputs: Annotated[
        str, typer.Option(help="The outputs to serve: a,b. Names of one's own for PyTorch's, which have none.")
    ] = ""
    signature: Annotated[str, typer.Option(help="Signature of a SavedModel.")] = "serving_default"
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A constant in place of an input: keep_prob=1.0, is_training=false."),
    ] = None
    trust_code: Annotated[
        list[str] | None,
        typer.Option(help="Run this to read a Keras file: a module with your layers, or lambda for its Lambda layers."),
    ] = None
    samples: Annotated[str, typer.Option(help="An .npz file with one array per input. Default: seeded inputs.")] = ""
    labels: Annotated[
        str, typer.Option(help="An .npy file with the true class of each sample: to measure accuracy with.")
    ] = ""
    input_range: Annotated[list[str] | None, typer.Option(help="Range of a seeded input: tokens=0:29999.")] = None
    rows: Annotated[int, typer.Option(help="Golden rows, 16 to 64. Default: depends on the row's size.")] = 0
    timeout: Annotated[
        float, typer.Option(help="Time limit, in seconds, of each process that reads or converts the model.")
    ] = 600
    force: Annotated[bool, typer.Option(help="Replace an existing model of that name.")] = False


def request_of(asked: ImportOptions) -> ImportRequest:
    """ImportFailed, in the words of the flags, where they do not make sense."""
    _check_name(asked.name)
    if asked.rows and not FEWEST_ROWS <= asked.rows <= MOST_ROWS:
        raise bad_flag(f"--rows {asked.rows} is not between {FEWEST_ROWS} and {MOST_ROWS}")
    if asked.labels and not asked.samples:
        raise bad_flag("--labels are of --samples, and there are none", "add --samples FILE.npz")
    if not 0 < asked.timeout <= MOST_TIMEOUT_S:
        raise bad_flag(f"--timeout must be positive and at most {MOST_TIMEOUT_S} s, not {asked.timeout:g}")
    kind = asked.kind or kinds.detected(asked.source)
    try:
        declared, ranges = tuple(map(parsed, asked.input_ or ())), dict(map(_range, asked.input_range or ()))
        constants = dict(map(_constant, asked.set_ or ()))
    except ValueError as error:
        raise bad_flag(str(error)) from None
    casts = {tensor.name: tensor.dtype for tensor in declared if tensor.dtype in CAST}
    _check_kind(kind, asked, constants, casts)
    source = Source(
        kind=kind,
        path=asked.source if kind == "torch" else _absolute(asked.source),
        weights=_absolute(asked.weights),
        feed=_listed(asked.inputs),
        fetch=_listed(asked.outputs),
        signature=asked.signature,
        constants=constants,
        casts=casts,
        trusted=tuple(asked.trust_code or ()),
        search=search_path() if kind == "torch" or asked.trust_code else (),
    )
    return ImportRequest(
        source=source,
        name=asked.name,
        declared=tuple(t.model_copy(update={"dtype": carried(t.dtype)}) for t in declared),
        samples=_absolute(asked.samples),
        labels=_absolute(asked.labels),
        ranges=ranges,
        rows=asked.rows,
        timeout_s=asked.timeout,
        force=asked.force,
    )


def _check_kind(kind: str, asked: ImportOptions, constants: Mapping[str, object], casts: Mapping[str, str]) -> None:
    """That the flags are those of the kind."""
    if asked.trust_code and kind != "keras":
        raise bad_flag(f"--trust-code is for Keras files, and this is of kind {kind}", "remove the flag")
    if constants and kind not in SETTABLE:
        raise bad_flag(f"--set makes no constant in a model of kind {kind}", f"it is for {', '.join(SETTABLE)}")
    for flag, value, whose in (("--weights", asked.weights, "torch"), ("--inputs", asked.inputs, "frozen_graph")):
        if value and kind != whose:
            raise bad_flag(f"{flag} is for models of kind {whose}, and this is of kind {kind}", "remove the flag")
    if casts and kind not in CASTABLE:
        dtype = next(iter(casts.values()))
        raise bad_flag(f"--input of {dtype} is for PyTorch's models only", f"{carried(dtype)} carries the same numbers")


def _check_name(name: str) -> None:
    if re.fullmatch(NAME, name) is None:
        raise bad_flag(f"--name {name!r} is not made of lower-case letters, digits and _, beginning with a letter")
    if name in zoo.names():
        raise bad_flag(f"{name} is a model of the zoo", "choose another --name")


def _absolute(path: str) -> str:
    """A link stays one: its name tells the kind, and what lies beside it belongs to it."""
    return os.path.abspath(path) if path else ""


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _range(text: str) -> tuple[str, tuple[float, float]]:
    name, _, bounds = text.rpartition("=")
    try:
        low, high = map(float, bounds.split(":"))
    except ValueError:
        low, high = 1.0, 0.0
    if not name.strip() or not (low <= high and math.isfinite(high - low)):
        raise ValueError(f"--input-range {text!r} is not NAME=LOW:HIGH, as tokens=0:29999")
    return name.strip(), (low, high)


def _constant(text: str) -> tuple[str, bool | float]:
    name, _, value = text.rpartition("=")
    words: dict[str, bool | float] = {"true": True, "false": False}
    with suppress(ValueError):
        found = words[value.lower()] if value.lower() in words else float(value)
        if math.isfinite(found):
            return name.strip(), found
    raise ValueError(f"--set {text!r} is not NAME=VALUE, a number, true or false, as keep_prob=1.0")

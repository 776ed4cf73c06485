"""A PyTorch module: `package.module:factory`, which builds it, and a file of its weights.

The factory is the user's own code, and is run. The weights are tensors only: safetensors, or a state_dict that is read
with `weights_only`, which builds nothing but tensors from it.
"""

import re
from pathlib import Path

from safetensors import SafetensorError, safe_open

from serveoff.models.importing import unvouched_files
from serveoff.models.importing.errors import bad_flag, damaged, no_model
from serveoff.models.importing.source import Source

NODE = "torch"
FRAMEWORK = "torch"
CALLED = "a PyTorch module, package.module:factory, with --weights"

SAVE = "save them again: torch.save(module.state_dict(), 'weights.pt'), or safetensors.torch.save_file"
LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How torch.save's files began before PyTorch 1.6: its magic number, pickled."""


def detect(path: str) -> bool:
    """By its form: a dotted name, a colon, a name."""
    return re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", path) is not None


def check(source: Source) -> None:
    """That the weights, if there are any, are whole."""
    if not detect(source.path):
        raise bad_flag(f"{source.path} does not name a factory", "write it as package.module:factory")
    if not source.weights:
        return
    if source.weights.endswith(".index.json"):
        raise no_model(
            f"{source.weights} is an index of several files of weights, and holds none", _join(source.weights)
        )
    if source.weights.endswith(".safetensors"):
        _check_safetensors(source.weights)
        return
    with Path(source.weights).open("rb") as file:
        if file.read(len(LEGACY)) == LEGACY:
            return
    if unvouched_files.is_pickle(source.weights):
        raise no_model(f"{source.weights} is a pickle that torch.save has not written: it is not loaded", SAVE)
    with unvouched_files.archive(source.weights, SAVE) as archive:
        inner = {name.partition("/")[2] for name in archive.namelist()}
        if "data.pkl" not in inner:
            raise no_model(f"{source.weights} is not a state_dict: there is no data.pkl in it", SAVE)
        if "constants.pkl" in inner:
            raise no_model(
                f"{source.weights} is TorchScript, not a state_dict",
                f"import it as a model: serveoff import {source.weights}",
            )


def _join(index: str) -> str:
    """How to make one file of the parts that an index names."""
    if ".safetensors" in Path(index).suffixes:
        return "join them: safetensors.torch.save_file({k: v for part in parts for k, v in load_file(part).items()}, F)"
    read = "torch.load(part, weights_only=True)"
    return f"join them: torch.save({{k: v for part in parts for k, v in {read}.items()}}, 'weights.pt')"


def _check_safetensors(path: str) -> None:
    """The library reads the header and checks it in full, and no tensor yet."""
    try:
        with safe_open(path, framework="numpy") as file:
            fault = "" if file.keys() else "it holds no tensor"
    except SafetensorError as error:
        fault = str(error)
    if fault:
        text = f"{path} is not a safetensors file, or is truncated: {fault}"
        raise damaged(text, "save them again: safetensors.torch.save_file")

"""PyTorch's TorchScript file: a zip of code, constants and tensors.

https://docs.pytorch.org/docs/stable/jit.html
"""

import os

from serveoff.models.importing import unvouched_files
from serveoff.models.importing.errors import damaged, no_model
from serveoff.models.importing.kinds import torch_export
from serveoff.models.importing.source import Source

NODE = "torchscript"
FRAMEWORK = "torch"
CALLED = "a TorchScript file, model.pt"

SUFFIXES = (".pt", ".pth", ".ts", ".torchscript")
SAVE = "save it again: torch.jit.script(module).save('model.pt')"
AS_WEIGHTS = "give the module that it belongs to: package.module:factory --weights FILE"


def detect(path: str) -> bool:
    """By its suffix; a state_dict has the same, and `check` tells them apart."""
    return path.endswith(SUFFIXES) and os.path.isfile(path)


def check(source: Source) -> None:
    """A sound zip with code in it. PyTorch keeps one folder at the top, of any name."""
    if unvouched_files.is_pickle(source.path):
        raise no_model(f"{source.path} is a pickle, not TorchScript: it is not loaded", AS_WEIGHTS)
    with unvouched_files.archive(source.path, SAVE) as archive:
        inner = {name.partition("/")[2] for name in archive.namelist()}
        if "constants.pkl" not in inner and not any(name.startswith("code/") for name in inner):
            if any(torch_export.GRAPH.fullmatch(name) for name in archive.namelist()):
                raise no_model(f"{source.path} is a program of torch.export", "add --kind torch_export")
            what = "tensors or a pickled module" if "data.pkl" in inner else "no PyTorch model"
            raise no_model(f"{source.path} holds {what}, not TorchScript", AS_WEIGHTS)
        if "data.pkl" not in inner:
            raise damaged(f"{source.path} has no data.pkl in it", SAVE)

"""What a PyTorch module gives, by names: the paths in its answer, or those that the user gives to their order."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import torch

from serveoff.models.frameworks.torch_calling import COARSE, SERVED_AS, array_of
from serveoff.models.importing.source import Found, Source
from serveoff.models.importing.torch_refusals import refusal
from serveoff.models.jobs.child import Refused, note
from serveoff.models.tensors import Array, Batch, fields, flattened, rows_of

BY_BATCH = "its layers are quantised dynamically, by the largest number in a batch"

FIXED = "it takes one row, and no batch of several"

ANY_NUMBER = (
    "have it take any number of rows; where it lacks memory, ask for fewer: --rows 16, or short --samples FILE.npz"
)


class SeveralRows(Refused):
    """A module that answers one row does not answer several, each by itself."""


class Asking:
    """What the readers of PyTorch's models share: whoever is asked tells what is found of it."""

    _source: Source
    found: Found

    def ask(self, module: Any, batch: Batch) -> dict[str, Array]:
        """What a module answers, called by position; SeveralRows where it takes one row alone, which is then known."""
        try:
            answer, self.found = asked(module, batch, self._source.fetch, self.found)
        except SeveralRows:
            self.found = self.found.model_copy(update={"one_row": FIXED})
            raise
        return answer


def asked(module: Any, batch: Batch, wanted: Sequence[str], found: Found) -> tuple[dict[str, Array], Found]:
    """What a module answers, called by position, and what is known of it then; notes what comes in another dtype."""
    answer = _answer(module, batch, found)
    tensors = named(answer, wanted)
    if rows_of(batch) > 1 and all(tensor.ndim and len(tensor) == 1 for tensor in tensors.values()):
        raise SeveralRows(f"{FIXED}, for which it gives one answer")
    for name, tensor in tensors.items():
        if tensor.dtype in SERVED_AS:
            note(f"its output {name} is {_called(tensor.dtype)}, and is served as {_called(SERVED_AS[tensor.dtype])}")
    known = found
    paths = _tensors(flattened(answer))
    if wanted and not set(wanted) & paths.keys():
        known = found.model_copy(update={"paths": dict(zip(wanted, paths, strict=True))})
    return {name: array_of(tensor.detach()) for name, tensor in tensors.items()}, coarser(known, tensors.values())


def _answer(module: Any, batch: Batch, found: Found) -> Any:
    rows = [torch.from_numpy(array.copy()) for array in batch.values()]
    try:
        with torch.inference_mode():
            answer = module(*rows)
    except Exception as error:  # the user's code may raise anything
        if rows_of(batch) > 1:
            raise _on_several(module, rows, f"{type(error).__name__}: {error}") from error
        if known := refusal(error, found, batch):
            raise known from error
        raise
    pairs = zip(batch.items(), rows, strict=True)
    changed = [name for (name, given), row in pairs if row.numpy().tobytes() != given.tobytes()]
    if changed:
        raise Refused(
            f"it changes its input {changed[0]} in place, which whoever serves it may use again",
            advice="have its forward work on a copy: x.clone(), or x * 2 in place of x.mul_(2)",
        )
    return answer


def _on_several(module: Any, rows: Sequence[torch.Tensor], said: str) -> Refused:
    """Why a module that answers one row fails on these: it takes one alone, or takes several, but not as many."""
    with suppress(Exception), torch.inference_mode():  # the user's code may raise anything
        module(*(row[:2] for row in rows))
        return Refused(f"it takes 2 rows at once, and fails on {len(rows[0])}: {said}", advice=ANY_NUMBER)
    return SeveralRows(f"{FIXED}: {said}")


def _called(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def coarser(found: Found, tensors: Iterable[torch.Tensor]) -> Found:
    """What is known of a module that computes with these tensors, too: their coarsest floats are its precision."""
    names = {found.precision, *(COARSE.get(tensor.dtype, "") for tensor in tensors)}
    coarsest = next((name for name in COARSE.values() if name in names), "")
    return found if coarsest == found.precision else found.model_copy(update={"precision": coarsest})


def named(answer: Any, wanted: Sequence[str]) -> dict[str, torch.Tensor]:
    """The tensors of an answer by name; Refused where it holds what is no tensor."""
    found = _tensors(flattened(answer))
    if not wanted:
        return found
    if found.keys() >= set(wanted):
        return {name: tensor for name, tensor in found.items() if name in wanted}
    if fields(answer) is None and len(wanted) == len(found):
        return dict(zip(wanted, found.values(), strict=True))
    raise Refused(
        f"it gives {len(found)} outputs, {', '.join(found)}, and --outputs names {', '.join(wanted)}",
        advice="choose from these with --outputs, or leave the flag out for all",
    )


def _tensors(found: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The tensors, with a note of each other thing; Refused where there are none."""
    tensors = {path: value for path, value in found.items() if isinstance(value, torch.Tensor)}
    others = {path: type(value).__name__ for path, value in found.items() if path not in tensors}
    if others and not tensors:
        path, kind = others.popitem()
        raise Refused(
            f"its output {path} is a {kind}, not a tensor: a model gives tensors by name or in order",
            advice="wrap the module in one whose forward gives its tensors alone",
        )
    for path, kind in others.items():
        note(f"its output {path} is a {kind}, not a tensor; it is left out")
    return tensors

"""The weights of a user's nn.Module, as files of PyTorch and safetensors hold them, put into the module.

Training loops wrap a state_dict: in a checkpoint with an optimizer beside it, or under names that begin with `module.`
(DataParallel), `_orig_mod.` (torch.compile) or `model.` (Lightning). What was unwrapped is noted.
"""

import pickle
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from serveoff.models.jobs.child import Refused, note

State = dict[str, torch.Tensor]
DEEPEST = 3
"""Levels of a checkpoint below which no weights are looked for."""
SPARE = ("ema", "optim", "teacher", "discriminator", "encoder_k", "momentum", "target")
"""In the name of an entry of a checkpoint, or before names of weights: another one that fits goes before it."""
WRAPPERS = ("_orig_mod.", "_checkpoint_wrapped_module.", "_fsdp_wrapped_module.")
"""What PyTorch's own wrappers put into the names of what they wrap, wherever it is."""
MOST_NAMES = 3
OWN_LAYERS = (
    "have the factory build the network that they were trained with: its layers' names and sizes must be theirs"
)
ALONE = (
    "in your training code, which may load it, write its weights alone: torch.save(module.state_dict(), 'weights.pt')"
)
_SCALAR = np.float64().__reduce__()[0]
NUMBERS = [
    *((_SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
    *(np.dtype, *(type(np.dtype(code)) for code in ("f4", "f8", "i4", "i8", "bool"))),
]
"""Beside tensors, a checkpoint may hold numpy's numbers, as the best accuracy: none of them runs code of the file's."""


def fill(module: nn.Module, file: str) -> None:
    """Put a file's weights into a module; Refused where they are not the module's, each and all."""
    loaded, name = _read(file), Path(file).name
    found = dict(_states(loaded))
    if not found:
        raise Refused(f"{name} is not a state_dict: it holds no tensors by name", advice=ALONE)
    whole = module.state_dict()
    wanted = {name: value for name, value in whole.items() if isinstance(value, torch.Tensor)}
    if len(wanted) < len(whole):  # packed weights, or what a layer keeps beside tensors: only it can read them
        if (why := _taken(module, loaded)) is not None:
            raise Refused(f"the weights in {name} are not those of the module: {why}", advice=OWN_LAYERS)
        return
    unsaved = _unsaved(module)
    fitting = [(entry, fitted) for entry, state in found.items() if (fitted := _fitted(state, wanted, unsaved))]
    if not fitting and _taken(module, loaded) is None:
        note(f"the names in {name} are others than the module's, which takes them by rules of its own for older files")
        return
    if not fitting:
        _load(module, _nearest(found.values(), wanted), name)
        return
    entry, (state, how) = min(
        fitting, key=lambda item: (bool(_wrong(item[1][0], wanted)), any(word in item[0].lower() for word in SPARE))
    )
    _load(module, state, name)
    if entry:
        as_well = [other for other, (fitted, _) in fitting if other != entry and not _wrong(fitted, wanted)]
        others = f"; {_some(as_well)} would fit, too" if as_well else ""
        note(f"the weights are those under {entry} in {name}{others}")
    if how:
        note(f"in {name}, {how}")
    if stale := sorted(state.keys() & unsaved):
        note(f"left out of {name}: {_some(stale)}, which the module makes by itself and does not save")


def _read(file: str) -> Any:
    if file.endswith(".safetensors"):
        from safetensors.torch import load_file

        return load_file(file)
    name = Path(file).name
    try:
        with torch.serialization.safe_globals(NUMBERS):
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        classes = _unsafe(file) or re.findall(r"GLOBAL (\S+)", str(error))
        what = f"also holds {', '.join(classes[:MOST_NAMES])}" if classes else "is a pickle of more than tensors"
        text = f"{name} is not a state_dict: it {what}, and to load such a file is to run a program"
        raise Refused(text, advice=ALONE) from None
    except (RuntimeError, EOFError) as error:
        why = str(error).splitlines()[0] if str(error) else "it ends too early"
        raise Refused(f"{name} cannot be read by torch.load: {why}", advice=ALONE) from None


def _unsafe(file: str) -> list[str]:
    try:
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(file))
    except (ValueError, RuntimeError):  # a file from before PyTorch 1.6, which is no zip
        return []


def _states(loaded: Any) -> Iterator[tuple[str, State]]:
    """What may be a state_dict, by its path in the checkpoint: the tensors of each dict that has some by name."""
    for path, found in _named(loaded):
        tensors = {name: value for name, value in found.items() if isinstance(value, torch.Tensor)}
        if all(isinstance(name, str) for name in tensors):
            whole = not path and len(tensors) == len(found) and hasattr(found, "_metadata")
            yield path, found if whole else tensors


def _named(loaded: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Each dict that has a tensor in it, by its path in the checkpoint, whatever else it has."""
    if not isinstance(loaded, Mapping) or depth == DEEPEST:
        return
    if any(isinstance(value, torch.Tensor) for value in loaded.values()):
        yield path, loaded
    for name, value in loaded.items():
        if isinstance(name, str):
            yield from _named(value, f"{path}.{name}" if path else name, depth + 1)


def _taken(module: nn.Module, loaded: Any) -> str | None:
    """None where the module's own rules take this, or an entry of it, each and all; else why they do not.

    The first that they take, copies of the network last.
    """
    why = "they are in no dict of names"
    for _, state in sorted(_named(loaded), key=lambda found: any(word in found[0].lower() for word in SPARE)):
        try:
            module.load_state_dict(_unwrapped(state)[0], strict=True)
        except (RuntimeError, LookupError, AttributeError, TypeError, ValueError) as error:
            why = " ".join(str(error).split()) or type(error).__name__
        else:
            return None
    return why


def _fitted(state: State, wanted: State, unsaved: Set[str]) -> tuple[State, str] | None:
    """A state by the module's own names, and in words how they differed; None where no prefix makes them the same.

    Of weights that the module ties, the file may have but one. What lies outside of a prefix, as a loss's weights
    beside the model's, is left out.
    """
    plain, said = _unwrapped(state)
    under = {prefix: _under(prefix, plain) for prefix in _prefixes(plain, wanted)}
    fitting = [prefix for prefix, inner in under.items() if _same(inner, wanted, unsaved)]
    if fitting and not fitting[0]:
        return plain, said
    if fitting:
        left = [name for name in plain if not name.startswith(fitting[0])]
        apart = f"; left out: {_some(left)}" if left else ""
        others = f"; those under {_some(fitting[1:])} would fit, too" if fitting[1:] else ""
        names = "the weights are those whose names begin" if left else "each name begins"
        return under[fitting[0]], f"{names} with {fitting[0]!r}, which is taken off{apart}{others}"
    heads = {name.partition(".")[0] for name in wanted}
    if len(heads) == 1 and "." in next(iter(wanted)):
        (head,) = heads
        inner = {f"{head}.{name}": value for name, value in plain.items()}
        if _same(inner, wanted, unsaved):
            return inner, f"the names are those of the module's {head}"
    return None


def _unwrapped(state: State) -> tuple[State, str]:
    """Without the names of PyTorch's wrappers, and which they were."""
    found = [wrapper for wrapper in WRAPPERS if any(wrapper in name for name in state)]
    if not found:
        return state, ""
    pattern = "|".join(map(re.escape, found))
    return {
        re.sub(pattern, "", name): value for name, value in state.items()
    }, f"{found[0]!r} is taken out of the names"


def _under(prefix: str, state: State) -> State:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _prefixes(state: State, wanted: State) -> list[str]:
    """Those that the file's names have before the module's; '' is one.

    The shortest first, of equal ones the file's first, and copies of the network that are kept beside it last.
    """
    before = dict.fromkeys(
        name[:at] for name in state for at in range(1, len(name)) if name[at - 1] == "." and name[at:] in wanted
    )
    return sorted(dict.fromkeys(("", *before)), key=lambda prefix: (any(word in prefix for word in SPARE), len(prefix)))


def _nearest(states: Iterable[State], wanted: State) -> State:
    """What has most of the module's names, of all states and below all prefixes."""
    plain = [_unwrapped(state)[0] for state in states]
    under = [_under(prefix, state) for state in plain for prefix in _prefixes(state, wanted)]
    return max(under, key=lambda state: len(state.keys() & wanted.keys()))


def _unsaved(module: nn.Module) -> set[str]:
    """The names of a module's buffers that are in no state_dict of today, as older code wrote them."""
    return {
        f"{place}.{name}" if place else name
        for place, inner in module.named_modules(remove_duplicate=False)
        for name in inner._non_persistent_buffers_set
    }


def _same(state: State, wanted: State, unsaved: Set[str]) -> bool:
    """Whether these are a module's weights: all names, but for counters of old files and weights that are tied.

    Buffers that the module does not save may be among them.
    """
    there = {wanted[name].data_ptr() for name in state.keys() & wanted.keys()}
    missing = [
        name
        for name in wanted.keys() - state.keys()
        if not name.endswith("num_batches_tracked")
        and (not wanted[name].numel() or wanted[name].data_ptr() not in there)
    ]
    return not missing and state.keys() <= wanted.keys() | unsaved


def _load(module: nn.Module, state: State, file: str) -> None:
    wanted, unsaved = module.state_dict(), _unsaved(module)
    failed = f"the weights in {file} are not those of the module"
    if wrong := _wrong(state, wanted):
        sizes = f"{list(state[wrong[0]].shape)}, and the module's is {list(wanted[wrong[0]].shape)}"
        raise Refused(f"{failed}: {_some(wrong)} is {sizes}", advice=OWN_LAYERS)
    if not _same(state, wanted, unsaved):
        lacking, extra = wanted.keys() - state.keys(), state.keys() - wanted.keys() - unsaved
        parts = [
            f"{what} {_some(sorted(names))}" for what, names in (("they lack", lacking), ("they have", extra)) if names
        ]
        raise Refused(f"{failed}: {'; '.join(parts)}", advice=OWN_LAYERS)
    module.load_state_dict(state, strict=False)
    kinds = {str(value.dtype).removeprefix("torch.") for value in state.values() if value.is_floating_point()}
    computed = {str(value.dtype).removeprefix("torch.") for value in wanted.values() if value.is_floating_point()}
    if kinds and computed and not kinds & computed:
        note(f"{file} holds {', '.join(sorted(kinds))}; the factory's module computes in {', '.join(sorted(computed))}")


def _wrong(state: State, wanted: State) -> list[str]:
    """The names whose weights have another size than the module's."""
    return [name for name in state if name in wanted and state[name].shape != wanted[name].shape]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"{', '.join(names[:MOST_NAMES])}{more}"

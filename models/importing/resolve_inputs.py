"""What a model's inputs are, from what its file says, what the user says by flags, and the user's samples."""

from collections.abc import Mapping, Sequence

from serveoff.models.importing import constants, next_steps
from serveoff.models.importing.errors import bad_inputs
from serveoff.models.importing.source import CAST, DTYPES, TEXT, Found, Names, Port, identifiers, written
from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Array, carried

EXAMPLE_ROW = "28,28,1"
WITHOUT_TEXT = (
    "import the part of the model behind its layers of text, or its decoder of images, and turn text into numbers in "
    "the client"
)


def resolve_inputs(
    source: str, found: Found, declared: Sequence[TensorSpec], samples: Mapping[str, Array]
) -> tuple[tuple[TensorSpec, ...], Names]:
    """The spec's inputs in the source's order, and the names that they have there.

    ImportFailed, with the flag that helps, where something is not known, contradicts the file or cannot be served.
    """
    ports = [*found.inputs, *(_more(found, declared, samples) if found.more else ())]
    names = identifiers(port.name for port in ports)
    if not names:
        advice = f"name them in its order: --input 'x:float32[-1,{EXAMPLE_ROW}]'" if found.more else ""
        raise bad_inputs(f"{source} {'does not name its inputs' if found.more else 'takes no input'}", advice)
    called = [*(tensor.name for tensor in declared)] or [*samples]
    _require_no_dict(source, ports, called)
    names = _renamed(names, ports, called)
    flags = _by_port(source, names, declared)
    if found.settable:
        told = {*flags, *samples, *(own for name, own in names.items() if name in samples)}
        _require_rows(source, [port for port in found.inputs if port.name not in told])
    _require_no_states(source, found)
    kept = dict[str, TensorSpec]()
    for (name, own), port in zip(names.items(), ports, strict=True):
        flag, sample = flags.get(own), samples.get(name, samples.get(own))
        if port.optional and flag is None and sample is None:
            continue
        kept[own] = _tensor(source, name, port, flag, sample)
    if not kept:
        raise bad_inputs(
            f"{source} does not describe its inputs",
            f"give those to use: --input '{names and next(iter(names))}:float32[-1,{EXAMPLE_ROW}]'",
        )
    return tuple(kept.values()), Names(inputs={tensor.name: own for own, tensor in kept.items()})


def _more(found: Found, declared: Sequence[TensorSpec], samples: Mapping[str, Array]) -> list[Port]:
    """Inputs that the user names and the source does not, in the user's order."""
    known, called = {port.name for port in found.inputs}, [tensor.name for tensor in declared] or [*samples]
    return [Port(name=name) for name in dict.fromkeys(called) if name not in known]


def _renamed(names: dict[str, str], ports: Sequence[Port], called: Sequence[str]) -> dict[str, str]:
    """The names, or the user's, where there is but one input, of which the source says nothing but a name."""
    if len(ports) != 1 or ports[0].dtype or len(called) != 1 or not called[0].isidentifier():
        return names
    return names if called[0] in {*names, *names.values()} else {called[0]: ports[0].name}


def _require_no_dict(source: str, ports: Sequence[Port], called: Sequence[str]) -> None:
    """ImportFailed where several inputs are given to one, of which the source says nothing but a name: to a dict."""
    if len(ports) == 1 and not ports[0].dtype and len(called) > 1 and ports[0].name not in called:
        text = f"{source} takes one input, {ports[0].name}, and {len(called)} are given: {', '.join(called)}"
        raise bad_inputs(text, next_steps.ONE_AFTER_ANOTHER)


def _require_rows(source: str, ports: Sequence[Port]) -> None:
    """ImportFailed where inputs are one number for a whole batch, with the flags that make constants of them."""
    single = [port for port in ports if constants.is_likely(port)]
    if single:
        called = " and ".join(port.name.removesuffix(":0") for port in single)
        what = "are single numbers" if len(single) > 1 else "is a single number"
        raise bad_inputs(f"{source}: {called} {what}, not one for each row of a request", constants.advice(single))


def _require_no_states(source: str, found: Found) -> None:
    """ImportFailed where inputs have layers before rows, a free axis after a fixed one, beside others' free first."""
    ports = [port for port in found.inputs if port.shape and not port.optional]
    states = [port.name.removesuffix(":0") for port in ports if constants.is_state(port.shape or ())]
    if states and any(port.shape[:1] == (-1,) for port in ports if port.shape):
        called, flags = " and ".join(states), " ".join(f"--set {name}=0" for name in states)
        what = "are states with their rows" if len(states) > 1 else "is a state with its rows"
        start = f", or have each request start from zeros: {flags}" if found.settable else ""
        raise bad_inputs(
            f"{source}: {called} {what} on the second axis, and servers give each row first",
            f"export it without{start}",
        )


def _by_port(source: str, names: Mapping[str, str], declared: Sequence[TensorSpec]) -> dict[str, TensorSpec]:
    """Each `--input` by the source's own name of what it speaks of; the spec's name will do, too."""
    found = {}
    for tensor in declared:
        own = tensor.name if tensor.name in names.values() else names.get(tensor.name)
        if own is None:
            raise bad_inputs(f"{source} has no input {tensor.name!r}", f"--input takes one of {', '.join(names)}")
        found[own] = tensor
    return found


def _tensor(source: str, name: str, port: Port, flag: TensorSpec | None, sample: Array | None) -> TensorSpec:
    """One input: its file's word first, then the flag's, then the samples'."""
    dtype = port.dtype or (flag.dtype if flag else "") or (str(sample.dtype) if sample is not None else "")
    if dtype in TEXT:
        raise bad_inputs(f"{source}: its input {name} is {dtype}, which is not served", WITHOUT_TEXT)
    shape = port.shape
    for other in (
        flag.shape if flag else None,
        (-1, *sample.shape[1:]) if sample is not None and sample.ndim else None,
    ):
        shape = _narrowed(source, name, shape, other)
    if port.shape is not None and (not port.shape or port.shape[0] != -1):
        raise bad_inputs(_fixed(source, name, port.shape), next_steps.of_fixed_rows(*port.shape[:1] or (0,)))
    if not dtype or shape is None or any(size < 1 for size in shape[1:]):
        known = f"dtype {dtype or 'unknown'}, shape {list(shape) if shape is not None else 'unknown'}"
        flag_text = written(TensorSpec(name=name, dtype=dtype or "float32", shape=_example(shape)))
        raise bad_inputs(
            f"{source} does not describe all of its input {name}: {known}",
            f"give it: --input '{flag_text}', with its sizes",
        )
    if flag and flag.dtype != dtype:
        advice = f"remove the flag; the numbers are drawn from --input-range {name}=LOW:HIGH"
        raise bad_inputs(f"{source}: its input {name} is {dtype}, but --input says {flag.dtype}", advice)
    if dtype not in DTYPES:
        raise bad_inputs(f"{source}: its input {name} is {dtype}, which is not served", _other(dtype))
    return TensorSpec(name=name, shape=shape, dtype=dtype, source="" if name == port.name else port.name)


def _narrowed(
    source: str, name: str, shape: tuple[int, ...] | None, other: tuple[int, ...] | None
) -> tuple[int, ...] | None:
    """The sizes that both say; those that one leaves free are the other's. The first is the batch's, and stays."""
    if shape is None or other is None:
        return shape if other is None else other
    same = len(shape) == len(other) and all(a in (b, -1) or b == -1 for a, b in zip(shape[1:], other[1:], strict=True))
    if not same:
        raise bad_inputs(
            f"{source}: its input {name} has shape {list(shape)}, not {list(other)}",
            "give --input or --samples of that shape",
        )
    return (*shape[:1], *(max(a, b) for a, b in zip(shape[1:], other[1:], strict=True)))


def _fixed(source: str, name: str, shape: tuple[int, ...]) -> str:
    if not shape:
        return f"{source}: its input {name} is one number, without a batch dimension; a request may hold several rows"
    return (
        f"{source}: the batch dimension of its input {name} is fixed at {shape[0]} (shape {list(shape)}); it is the "
        "first axis, and a server must take any number of rows"
    )


def _other(dtype: str) -> str:
    if dtype in CAST:
        return f"say so in --input, as 'x:{dtype}[-1,SIZE]': it is cast from {carried(dtype)}, which requests carry"
    return f"dtypes are {', '.join(DTYPES)}"


def _example(shape: tuple[int, ...] | None) -> tuple[int, ...]:
    if shape is None:
        return (-1, *map(int, EXAMPLE_ROW.split(",")))
    return (-1, *(size if size > 0 else 64 for size in shape[1:]))

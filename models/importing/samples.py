"""Inputs to ask a model with: the user's own, or seeded ones."""

import math
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from tokenize import TokenError
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from serveoff.models.golden import Golden
from serveoff.models.importing.errors import bad_samples
from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Array, Batch, rows_of, take, widened

Ranges = Mapping[str, tuple[float, float]]
"""The lowest and the highest number to draw for an input, by a name of it."""
NAME = "samples.npz"
"""The inputs, on their way into the process that asks the model."""
SEED = 7
MOST_ROWS, FEWEST_ROWS = 64, 16
LARGE_ROW = 20_000
"""Numbers in a row from which on fewer rows do: an image of 224x224x3 has 150,528."""
HUGE_ROW, HUGE_ROWS = 1_000_000, 4
"""And even fewer do where a row or its answer has so many: some 20 MB of JSON, that every endpoint is asked for."""
INTEGERS = (0, 99)
"""Seeded integers lie between these, both included, unless `--input-range` says otherwise."""

ZIP = (b"PK\3\4", b"PK\5\6")
"""How an archive begins, by which numpy tells one, too."""
MOST_BYTES = 2**32
"""Of the arrays of one file: more than any run has use for, and than memory is sure to hold."""

BROKEN = (
    *(OSError, ValueError, EOFError, KeyError, AttributeError, MemoryError, OverflowError),
    *(TypeError, SyntaxError, TokenError, BadZipFile, zlib.error, RuntimeError),
)
"""What numpy.load raises, and `check_size`, for what is no .npz file."""
HOW = "write it with numpy.savez(path, NAME=array)"


def read(path: str) -> dict[str, Array]:
    """The arrays of an `.npz` file by name; ImportFailed where it is none. Pickled objects are refused."""
    try:
        check_size(path)
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        if odd := [name for name, array in found.items() if not isinstance(array, np.ndarray)]:
            raise ValueError(f"{odd[0]} is no array")
    except BROKEN as error:
        raise bad_samples(f"{path} cannot be read as an .npz file of arrays: {error}", HOW) from None
    if not found:
        raise bad_samples(f"{path} holds no array", HOW)
    return found


def check_size(path: str | Path) -> None:
    """ValueError where the arrays of an `.npz` or `.npy` file take more than MOST_BYTES, by what it says of itself.

    numpy.load makes room for that first, however small the file is. Of one that is neither an error of BROKEN may come.
    """
    with open(path, "rb") as file:
        size = _told_bytes(file)
    if size > MOST_BYTES:
        raise ValueError(f"its arrays take {size / 2**30:,.1f} GiB, {MOST_BYTES >> 30} at most: keep fewer rows")


def _told_bytes(file: IO[bytes]) -> int:
    """How many the arrays of a file take, by the list of the archive and the headers of the arrays."""
    archived = file.read(len(ZIP[0])).startswith(ZIP)
    file.seek(0)
    if not archived:
        return _header_bytes(file)
    with ZipFile(file) as archive:
        return sum(_member_bytes(archive, member) for member in archive.infolist())


def _member_bytes(archive: ZipFile, member: ZipInfo) -> int:
    with archive.open(member) as file:
        return max(member.file_size, _header_bytes(file))


def _header_bytes(file: IO[bytes]) -> int:
    """What one array takes; 0 where this is none."""
    magic = file.read(npy.MAGIC_LEN)
    if not magic.startswith(npy.MAGIC_PREFIX):
        return 0
    header = npy.read_array_header_1_0 if magic.endswith(b"\1\0") else npy.read_array_header_2_0
    shape, _, dtype = header(file)
    return math.prod(shape) * dtype.itemsize


def chosen(
    path: str,
    samples: Mapping[str, Array],
    inputs: Sequence[TensorSpec],
    names: Mapping[str, str],
) -> Batch:
    """The user's samples as a batch of these inputs; ImportFailed where they do not fit."""
    batch: Batch = {}
    for tensor in inputs:
        array = samples.get(tensor.name, samples.get(names[tensor.name]))
        if array is None:
            raise bad_samples(f"{path} has no array {tensor.name!r}", f"it needs {', '.join(t.name for t in inputs)}")
        array = widened(array)
        if array.dtype != tensor.dtype or array.shape[1:] != tensor.row_shape or array.ndim == 0:
            raise bad_samples(
                f"{path}: {tensor.name} is {array.dtype}{list(array.shape)}",
                f"expected {tensor.dtype}{[-1, *tensor.row_shape]}",
            )
        batch[tensor.name] = np.ascontiguousarray(array)
    counts = {len(array) for array in batch.values()}
    if len(counts) != 1 or min(counts) < 2:
        raise bad_samples(
            f"{path}: the arrays must have the same number of rows, at least 2; they have {sorted(counts)}"
        )
    return batch


def told(path: str, batch: Batch) -> tuple[NDArray[np.int64], str]:
    """The places of the rows that JSON can tell, without NaN and infinities, and a note of any others.

    ImportFailed where fewer than two are left: no request could carry the others.
    """
    known = np.ones(rows_of(batch), bool)
    for array in batch.values():
        if array.dtype.kind == "f":
            known &= np.isfinite(array).reshape(len(array), -1).all(axis=1)
    kept, count = np.flatnonzero(known), len(known)
    said = f"{path}: {count - len(kept)} of {count} rows hold NaN or an infinity, for which JSON has no word"
    if len(kept) < 2:
        raise bad_samples(said, "give at least 2 rows without them, filled in as they were in training")
    return kept, f"{said}: they are left out" if len(kept) < count else ""


def seeded(inputs: Sequence[TensorSpec], ranges: Ranges, rows: int = 0, ids: Mapping[str, int] | None = None) -> Batch:
    """So many rows (0: by their size): floats uniform in 0..1, integers in 0..99, coins for booleans.

    `ids` are the inputs that hold whole numbers below these, of whichever dtype.
    """
    numbers = sum(math.prod(tensor.row_shape) for tensor in inputs)
    by_size = HUGE_ROWS if numbers >= HUGE_ROW else FEWEST_ROWS if numbers >= LARGE_ROW else MOST_ROWS
    count = rows or by_size
    random, below = np.random.default_rng(SEED), ids or {}
    return {
        tensor.name: _draw(random, tensor, count, range_of(ranges, tensor), below.get(tensor.name, 0))
        for tensor in inputs
    }


def range_of(ranges: Ranges, tensor: TensorSpec) -> tuple[float, float] | None:
    """The range of an input, by the spec's name of it or the model's own, with or without a tensor's `:0`."""
    called = (tensor.name, tensor.source, tensor.source.removesuffix(":0"))
    return next((ranges[name] for name in called if name in ranges), None)


def unknown(ranges: Ranges, inputs: Sequence[TensorSpec]) -> list[str]:
    """The ranges that are of none of these inputs."""
    return sorted(name for name in ranges if all(range_of({name: ranges[name]}, tensor) is None for tensor in inputs))


def enough(golden: Golden) -> Golden:
    """Fewer rows where they are huge, or their answers are."""
    numbers = max(sum(array[0].size for array in batch.values()) for batch in (golden.inputs, golden.outputs))
    if numbers < HUGE_ROW:
        return golden
    return Golden(take(golden.inputs, slice(HUGE_ROWS)), take(golden.outputs, slice(HUGE_ROWS)))


def _draw(
    random: np.random.Generator, tensor: TensorSpec, rows: int, wanted: tuple[float, float] | None, below: int
) -> Array:
    shape, dtype = (rows, *tensor.row_shape), np.dtype(tensor.dtype)
    if dtype.kind == "b":
        return random.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu" or below:
        low, high = wanted or ((0, below - 1) if below else INTEGERS)
        return random.integers(int(low), int(high), shape, endpoint=True).astype(dtype)
    low, high = wanted or (0.0, 1.0)
    return random.uniform(low, high, shape).astype(dtype)

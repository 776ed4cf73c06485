import struct
import zipfile

import numpy as np
import pytest

from serveoff.models.golden import Golden
from serveoff.models.importing import samples
from serveoff.models.importing.errors import ImportFailed
from serveoff.models.importing.source import parsed
from tests.small_files import write_claim

TOKENS, IMAGE = parsed("tokens:int64[-1,8]"), parsed("image:float32[-1,224,224,3]")


def test_seeded_inputs_are_the_same_each_time_and_within_range():
    batch = samples.seeded([TOKENS, parsed("x:float32[-1,3]"), parsed("keep:bool[-1]"), parsed("p:uint8[-1,2]")], {})
    again = samples.seeded([TOKENS], {})
    assert np.array_equal(batch["tokens"], again["tokens"])
    assert {name: (array.shape, str(array.dtype)) for name, array in batch.items()} == {
        "tokens": ((64, 8), "int64"), "x": ((64, 3), "float32"), "keep": ((64,), "bool"), "p": ((64, 2), "uint8"),
    }  # fmt: skip
    assert batch["tokens"].min() >= 0
    assert 90 < batch["tokens"].max() <= 99
    assert 0 <= batch["x"].min() < 0.1 < 0.9 < batch["x"].max() <= 1
    assert set(batch["keep"]) == {True, False}


def test_ids_are_whole_numbers_below_what_is_known_whatever_their_dtype():
    text = parsed("text:float32[-1,8]")
    batch = samples.seeded([text, TOKENS], {}, 30, {"text": 5, "tokens": 500})
    assert (batch["text"].dtype, set(batch["text"].flat)) == (np.float32, {0, 1, 2, 3, 4})
    assert 450 < batch["tokens"].max() < 500
    assert set(samples.seeded([text], {"text": (7, 8)}, 30, {"text": 5})["text"].flat) == {7, 8}


@pytest.mark.parametrize("name", ["net_x", "net/x:0", "net/x"])
def test_a_range_is_of_an_input_by_either_name(name):
    x = parsed("net_x:float32[-1,8]").model_copy(update={"source": "net/x:0"})
    assert samples.seeded([x], {name: (7, 8)})["net_x"].min() >= 7
    assert samples.unknown({name: (7, 8), "other": (0, 1)}, [x]) == ["other"]


def test_large_rows_are_fewer_and_a_range_can_be_given():
    assert len(samples.seeded([IMAGE], {})["image"]) == 16
    batch = samples.seeded([TOKENS], {"tokens": (3, 4)}, rows=20)
    assert set(batch["tokens"].flat) == {3, 4}
    assert len(batch["tokens"]) == 20


def test_the_user_s_samples_are_taken_by_name(tmp_path):
    np.savez(tmp_path / "some.npz", **{"net/tokens:0": np.arange(800).reshape(100, 8)})
    arrays = samples.read(str(tmp_path / "some.npz"))
    batch = samples.chosen("some.npz", arrays, [TOKENS], {"tokens": "net/tokens:0"})
    assert np.array_equal(batch["tokens"], np.arange(800).reshape(100, 8))


def test_rows_that_json_has_no_word_for_are_left_out_and_noted():
    table = np.arange(12, dtype=np.float32).reshape(4, 3)
    batch = {"table": table, "tokens": np.arange(4)}
    kept, said = samples.told("some.npz", batch)
    assert (kept.tolist(), said) == ([0, 1, 2, 3], "")
    table[1, 2], table[3, 0] = np.nan, -np.inf
    kept, said = samples.told("some.npz", batch)
    assert kept.tolist() == [0, 2]
    assert said == "some.npz: 2 of 4 rows hold NaN or an infinity, for which JSON has no word: they are left out"
    table[0, 0] = np.nan
    with pytest.raises(ImportFailed, match="3 of 4 rows hold NaN or an infinity") as failed:
        samples.told("some.npz", batch)
    assert "at least 2 rows without them" in failed.value.problem.advice


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"other": np.zeros((4, 8), np.int64)}, "has no array 'tokens'"),
        ({"tokens": np.zeros((4, 8), np.int32)}, r"tokens is int32\[4, 8\]"),
        ({"tokens": np.zeros((4, 9), np.int64)}, r"tokens is int64\[4, 9\]"),
        ({"tokens": np.zeros((1, 8), np.int64)}, "at least 2"),
        ({"tokens": np.zeros((0, 8), np.int64)}, "at least 2"),
    ],
)
def test_samples_that_do_not_fit_are_refused(arrays, says):
    with pytest.raises(ImportFailed, match=says):
        samples.chosen("some.npz", arrays, [TOKENS], {"tokens": "tokens"})


def test_samples_of_a_narrow_dtype_are_carried_by_the_wider_one():
    audio = parsed("x:int32[-1,2]")
    batch = samples.chosen("some.npz", {"x": np.full((3, 2), -7, np.int16)}, [audio], {"x": "x"})
    assert (batch["x"].dtype, batch["x"].min()) == (np.int32, -7)


def test_samples_of_several_inputs_have_as_many_rows():
    arrays = {"tokens": np.zeros((4, 8), np.int64), "x": np.zeros((5, 1), np.float32)}
    with pytest.raises(ImportFailed, match=r"the same number of rows, at least 2; they have \[4, 5\]"):
        samples.chosen("some.npz", arrays, [TOKENS, parsed("x:float32[-1,1]")], {"tokens": "tokens", "x": "x"})


def test_pickled_samples_and_files_that_are_none_are_refused(tmp_path):
    np.savez(tmp_path / "objects.npz", tokens=np.array([{"a": 1}], dtype=object))
    (tmp_path / "text.npz").write_text("not arrays")
    for name in ("objects.npz", "text.npz", "absent.npz"):
        with pytest.raises(ImportFailed, match=name):
            samples.read(str(tmp_path / name))


def test_samples_that_take_more_than_any_memory_are_refused_before_they_are_read(tmp_path, monkeypatch):
    path = tmp_path / "claim.npz"
    write_claim(path)
    with pytest.raises(ImportFailed, match=r"claim\.npz .*: its arrays take 7,450\.6 GiB, 4 at most: keep fewer rows"):
        samples.read(str(path))
    monkeypatch.setattr(samples, "MOST_BYTES", 1 << 20)
    np.savez_compressed(tmp_path / "bomb.npz", a=np.zeros(1 << 19, np.uint8), b=np.zeros(1 << 19, np.uint8))
    assert (tmp_path / "bomb.npz").stat().st_size < 1 << 14
    with pytest.raises(ImportFailed, match="its arrays take"):
        samples.read(str(tmp_path / "bomb.npz"))


def test_what_is_no_array_in_an_archive_is_none_however_large(tmp_path, monkeypatch):
    path = tmp_path / "text.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tokens", bytes(1 << 20))
    with pytest.raises(ImportFailed, match="tokens is no array"):
        samples.read(str(path))
    monkeypatch.setattr(samples, "MOST_BYTES", 1 << 19)
    with pytest.raises(ImportFailed, match="its arrays take"):
        samples.read(str(path))


@pytest.mark.parametrize(
    "head", ["{'descr': (", "{'descr': '<f8', 'fortran_order': False, 'shape': (-10000000000000000000000,)}"]
)
def test_a_header_that_is_none_is_refused(tmp_path, head):
    path = tmp_path / "odd.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", np.lib.format.magic(1, 0) + struct.pack("<H", len(head)) + head.encode())
    with pytest.raises(ImportFailed, match=r"odd\.npz"):
        samples.read(str(path))


def test_huge_answers_keep_fewer_rows():
    rows = {"x": np.zeros((16, 2), np.float32)}
    assert samples.enough(Golden(rows, {"y": np.zeros((16, 3), np.float32)})).inputs["x"].shape == (16, 2)
    huge = samples.enough(Golden(rows, {"y": np.zeros((16, 1_000_000), np.uint8)}))
    assert (huge.inputs["x"].shape, huge.outputs["y"].shape) == ((4, 2), (4, 1_000_000))

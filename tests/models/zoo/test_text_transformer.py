from dataclasses import replace

import numpy as np
import pytest

from serveoff.models.tensors import Examples
from serveoff.models.train import TrainingError
from serveoff.models.zoo.text_transformer import LENGTH, LIBRARIES, PADDING, SPEC, VOCABULARY, data, recipe
from serveoff.models.zoo.text_transformer.tokens import encode, words_of
from tests.models.zoo.exporting import assert_sound, exported
from tests.models.zoo.three_ways import WAYS, assert_alike, by_torch, random_weights


@pytest.fixture
def tokens():
    """Rows of 0, 1, 8, 32 and 64 words."""
    rows = np.random.default_rng(0).integers(1, VOCABULARY, (5, LENGTH))
    for row, words in zip(rows, (0, 1, 8, 32, 64), strict=True):
        row[words:] = PADDING
    return rows


@pytest.fixture(scope="module")
def splits():
    return data.load()


def test_the_three_networks_agree_whatever_the_padding(tokens):
    weights = random_weights("text_transformer")
    probabilities = assert_alike("text_transformer", weights, {"tokens": tokens})["probabilities"]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)
    assert np.ptp(probabilities[1:], axis=0).max() > 0.01  # rows are told apart, so agreeing means something


@pytest.mark.parametrize("way", ["torch", *WAYS])
def test_padding_is_not_looked_at(tokens, way):
    ask = {"torch": by_torch, **WAYS}[way]
    weights = random_weights("text_transformer")
    before = ask("text_transformer", weights, {"tokens": tokens})["probabilities"]
    weights["word_embedding/embeddings"][PADDING] += 10.0 * np.linspace(-1, 1, 64, dtype=np.float32)
    after = ask("text_transformer", weights, {"tokens": tokens})["probabilities"]
    np.testing.assert_allclose(after, before, atol=1e-6)
    weights["word_embedding/embeddings"][tokens[2, 0]] += 10.0 * np.linspace(-1, 1, 64, dtype=np.float32)
    changed = ask("text_transformer", weights, {"tokens": tokens})["probabilities"]
    assert np.abs(changed[2] - before[2]).max() > 1e-3  # a word is


def test_the_order_of_words_counts(tokens):
    weights = random_weights("text_transformer")
    one, other = (by_torch("text_transformer", weights, {"tokens": rows})["probabilities"] for rows in
                  (tokens[4:], tokens[4:, ::-1].copy()))  # fmt: skip
    assert np.abs(one - other).max() > 1e-3


def test_words_become_ids_and_the_rest_of_a_row_padding():
    row = encode(words_of("Applies Dropout, applies DROPOUT"))
    assert row.shape == SPEC.inputs[0].row_shape
    assert row.dtype == SPEC.inputs[0].dtype
    assert row[:4].tolist() == [*row[:2], *row[:2]]
    assert (row[:4] > 0).all()
    assert (row[:4] < VOCABULARY).all()
    assert (row[4:] == PADDING).all()


def test_the_libraries_names_are_left_out():
    assert words_of("torch.nn.Linear, np.array (NumPy 2), `keras.ops`") == ["nn", "linear", "array", "2", "ops"]


def test_no_held_out_passage_was_learned_from_and_no_library_is_the_safer_guess(splits):
    train, held_out = splits
    known = {row.tobytes() for row in train.inputs["tokens"]}
    assert not [row for row in held_out.inputs["tokens"] if row.tobytes() in known]
    for split in splits:
        assert len(set(np.bincount(split.targets, minlength=len(LIBRARIES)).tolist())) == 1
        assert split.inputs["tokens"].shape == (len(split.targets), *SPEC.inputs[0].row_shape)
        assert split.inputs["tokens"].dtype == SPEC.inputs[0].dtype


def test_passages_differ_in_length(splits):
    lengths = (splits[0].inputs["tokens"] != PADDING).sum(axis=1)
    assert lengths.min() >= data.LEAST_WORDS
    assert (lengths < LENGTH).mean() > 0.1


def test_a_network_that_learned_too_little_is_refused(monkeypatch, splits):
    small = tuple(Examples({"tokens": split.inputs["tokens"][:64]}, split.targets[:64]) for split in splits)
    monkeypatch.setattr(recipe, "load", lambda: small)
    monkeypatch.setattr(recipe, "COURSE", replace(recipe.COURSE, epochs=1, learning_rate=1e-9))
    with pytest.raises(TrainingError, match=r"text_transformer reached .*% on the held-out split, below the"):
        recipe.learn(lambda: None)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(900)
def test_it_trains_and_exports_to_all_formats(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(tmp_path))
    folder, manifest = exported("text_transformer")
    assert manifest.accuracy >= recipe.LEAST_ACCURACY
    assert_sound("text_transformer", folder, manifest)

import json

import pytest

from serveoff.models.fingerprint import fingerprint, is_current
from serveoff.models.manifest import ArtifactError

MODEL = "digits_cnn"


def test_an_untouched_export_is_current(copied_model):
    assert is_current(MODEL, copied_model)


def test_an_export_of_other_sources_is_not(copied_model):
    manifest = json.loads((copied_model / "manifest.json").read_text())
    (copied_model / "manifest.json").write_text(json.dumps({**manifest, "fingerprint": "0" * 64}))
    assert not is_current(MODEL, copied_model)


@pytest.mark.parametrize(
    "damaged", ["weights.npz", "golden.npz", "torch_eager/model.pt", "savedmodel/1/saved_model.pb"]
)
def test_a_file_that_is_not_as_the_export_left_it_is_an_error_and_not_made_again(copied_model, damaged):
    path = copied_model / damaged
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactError, match=rf"{damaged.partition('/')[0]} was changed.*export --force"):
        is_current(MODEL, copied_model)


@pytest.mark.parametrize("lost", ["weights.npz", "golden.npz", "torch_eager", "savedmodel"])
def test_what_is_missing_is_made_again(copied_model, lost):
    (copied_model / lost).rename(copied_model.parent / "elsewhere")
    assert not is_current(MODEL, copied_model)
    (copied_model / lost).mkdir()
    assert not is_current(MODEL, copied_model), "a folder without files is none"


def test_what_another_exporter_made_is_made_again_whatever_became_of_it(copied_model):
    manifest = json.loads((copied_model / "manifest.json").read_text())
    (copied_model / "manifest.json").write_text(json.dumps({**manifest, "fingerprint": "0" * 64}))
    (copied_model / "weights.npz").write_bytes(b"half")
    assert not is_current(MODEL, copied_model)


def test_a_package_that_the_recipe_needs_is_asked_for_by_name(copied_model, monkeypatch):
    from serveoff.models.zoo import digits_cnn

    before = fingerprint(MODEL)
    monkeypatch.setattr(digits_cnn, "PACKAGES", ("pytest",), raising=False)
    assert fingerprint(MODEL) != before
    monkeypatch.setattr(digits_cnn, "PACKAGES", ("no-such-data",))
    with pytest.raises(ArtifactError, match=r"digits_cnn needs no-such-data.*pip install no-such-data"):
        is_current(MODEL, copied_model)

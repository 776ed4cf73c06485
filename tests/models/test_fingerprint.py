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
def test_a_changed_file_is_noticed(copied_model, damaged):
    path = copied_model / damaged
    path.write_bytes(path.read_bytes() + b"x")
    assert not is_current(MODEL, copied_model)
    path.unlink()
    assert not is_current(MODEL, copied_model)


def test_a_package_that_the_recipe_needs_is_asked_for_by_name(copied_model, monkeypatch):
    from serveoff.models.zoo import digits_cnn

    before = fingerprint(MODEL)
    monkeypatch.setattr(digits_cnn, "PACKAGES", ("pytest",), raising=False)
    assert fingerprint(MODEL) != before
    monkeypatch.setattr(digits_cnn, "PACKAGES", ("no-such-data",))
    with pytest.raises(ArtifactError, match=r"digits_cnn needs no-such-data.*pip install no-such-data"):
        is_current(MODEL, copied_model)

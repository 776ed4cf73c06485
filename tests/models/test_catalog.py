import pytest
from pydantic import ValidationError

from serveoff.models import catalog, zoo
from serveoff.models.__main__ import ARTIFACT_PROBLEM, main
from serveoff.models.manifest import MANIFEST_NAME, ArtifactError, Manifest
from serveoff.models.spec import ModelSpec, TensorSpec

X = TensorSpec(name="x", shape=(-1, 2), dtype="int64")
SPEC = ModelSpec(name="shop_2", description="", inputs=(X,), outputs=(X.model_copy(update={"name": "y"}),))


@pytest.fixture
def artifacts(tmp_path, monkeypatch):
    """A folder of artifacts with an imported model, and things beside it that are none."""
    root = tmp_path / "artifacts"
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(root))
    manifest = Manifest(
        model="shop_2",
        fingerprint="",
        spec=SPEC,
        source="onnx",
        trained_with="onnx",
        parameters=3,
        golden_sha256="",
        artifacts={},
    )
    for name in ("shop_2", "digits_cnn", "Not-A-Name", ".shop_2.new-abc"):
        (root / name).mkdir(parents=True)
        (root / name / MANIFEST_NAME).write_text(manifest.model_dump_json())
    (root / "empty").mkdir()
    return root


def test_the_zoo_comes_first_then_what_was_imported(artifacts):
    assert catalog.names() == [*zoo.names(), "shop_2"]


def test_before_anything_was_exported_there_is_the_zoo(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(tmp_path / "none"))
    assert catalog.names() == zoo.names()
    assert "digits_cnn" in zoo.names()


def test_an_imported_models_spec_is_its_manifests(artifacts):
    assert catalog.load_spec("shop_2") == SPEC
    assert not catalog.is_zoo("shop_2")
    assert catalog.load_spec("digits_cnn") == zoo.load_spec("digits_cnn")
    assert catalog.is_zoo("digits_cnn")


def test_a_model_says_what_layers_it_has_or_why_it_has_none(artifacts, small_zoo):
    assert catalog.layers("digits_cnn") == ("conv1", "conv2", "dense1", "dense2")
    assert catalog.no_layers("digits_cnn") == ""
    assert catalog.layers("shop_2") == catalog.layers("kinds") == ()
    assert "imported" in catalog.no_layers("shop_2")
    assert "models/zoo/kinds has no named layers" in catalog.no_layers("kinds")


@pytest.mark.parametrize("name", ["shop", "empty", "../artifacts/shop_2", "", "Not-A-Name", "__init__", "."])
def test_an_unknown_model_is_named_with_those_that_there_are(artifacts, name):
    with pytest.raises(ArtifactError, match=r"there is no model .*digits_cnn.* shop_2; `serveoff import`"):
        catalog.load_spec(name)


@pytest.mark.parametrize("name", ["", "a-b", "A", "a.b", "../a", "a b", "\N{LATIN SMALL LETTER E WITH ACUTE}", "a\n"])
def test_a_models_name_is_letters_digits_and_underscores(name):
    with pytest.raises(ValidationError):
        ModelSpec(name=name, description="", inputs=(X,), outputs=(X,))


@pytest.mark.parametrize("name", ["a", "3d_cnn", "efficientnet_lite0", "_"])
def test_a_name_with_digits_is_fine(name):
    assert ModelSpec(name=name, description="", inputs=(X,), outputs=(X,)).name == name


def test_an_imported_model_is_not_exported_but_told_what_to_do(artifacts, capsys):
    assert main(["export", "shop_2"]) == ARTIFACT_PROBLEM
    errors = capsys.readouterr().err
    assert errors.startswith("error: shop_2 was imported")
    assert "verify shop_2" in errors
    assert "--force" in errors

"""Small models of every kind, imported as a user does: `serveoff import`."""

import zipfile

import numpy as np
import pytest

from serveoff.models.golden import read_golden
from serveoff.models.manifest import read_manifest
from serveoff.models.quality.labelled import read_labelled
from tests.uncompiled import has_compiler

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

TENSORFLOW_OWN = {"savedmodel", "frozen_graph"}


def tensors(tensors):
    return [(tensor.name, tensor.shape, tensor.dtype) for tensor in tensors]


@pytest.mark.long
def test_a_keras_file(make, bring):
    brought = bring(make("tensorflow") / "keras.keras")
    assert brought.code == 0, brought.errors
    manifest = brought.manifest
    assert manifest.source == "keras"
    assert tensors(manifest.spec.inputs) == [("pixels", (-1, 4, 4, 1), "float32")]
    assert tensors(manifest.spec.outputs) == [("classes", (-1, 5), "float32")]
    assert set(manifest.artifacts) >= {"keras_eager", *TENSORFLOW_OWN}
    assert manifest.parameters == 3 * 4 + 3 + 27 * 5 + 5
    assert "keras_eager" in brought.output
    assert "as it is" in brought.output
    golden = read_golden(brought.artifacts / "mine")
    assert golden.inputs["pixels"].shape == (64, 4, 4, 1)
    assert np.allclose(golden.outputs["classes"].sum(axis=1), 1)


@pytest.mark.long
def test_several_inputs_and_outputs_of_keras_keep_their_names_and_order(make, bring):
    brought = bring(make("tensorflow") / "two_inputs.keras")
    assert brought.code == 0, brought.errors
    assert tensors(brought.manifest.spec.inputs) == [("tokens", (-1, 6), "int64"), ("a_weight", (-1, 2), "float32")]
    assert tensors(brought.manifest.spec.outputs) == [("first", (-1, 3), "float32"), ("second", (-1, 1), "float32")]
    assert set(brought.manifest.artifacts) >= {"keras_eager", *TENSORFLOW_OWN}


def test_tokens_out_of_range_are_told_with_the_flags_that_help(make, bring):
    brought = bring(make("tensorflow") / "two_inputs.keras", "--input-range", "tokens=0:99")
    assert brought.code == 3
    assert "it fails on one row" in brought.errors
    assert "is not in [0, 20)" in brought.errors
    assert "--input-range tokens=0:19" in brought.errors
    assert brought.folders == []


def test_a_batch_of_one_that_holds_for_no_other_number_is_named(make, bring):
    brought = bring(make("tensorflow") / "fixed.keras")
    assert brought.code == 3
    assert "its batch is fixed at 1, and what it computes holds for no other number of rows" in brought.errors
    assert "or import the ONNX file that python -m tf2onnx.convert makes" in brought.errors
    assert brought.folders == []


def test_python_code_in_a_keras_file_is_refused(make, bring):
    brought = bring(make("tensorflow") / "lambda.keras")
    assert brought.code == 3
    assert "Lambda" in brought.errors
    assert brought.folders == []


@pytest.mark.long
def test_a_savedmodel(make, bring):
    brought = bring(make("tensorflow") / "saved")
    assert brought.code == 0, brought.errors
    assert brought.manifest.source == "savedmodel"
    assert set(brought.manifest.artifacts) >= TENSORFLOW_OWN
    assert (brought.artifacts / "mine/savedmodel/1/saved_model.pb").is_file()
    assert (brought.artifacts / "mine/frozen_graph/serving/1/saved_model.pb").is_file()


@pytest.mark.long
def test_a_frozen_graph_whose_ends_are_found(make, bring):
    brought = bring(make("tensorflow") / "frozen.pb")
    assert brought.code == 0, brought.errors
    assert brought.manifest.source == "frozen_graph"
    assert [tensor.dtype for tensor in brought.manifest.spec.inputs] == ["float32"]
    assert set(brought.manifest.artifacts) >= TENSORFLOW_OWN


def test_a_frozen_graph_whose_ends_are_wrong(make, bring):
    brought = bring(make("tensorflow") / "frozen.pb", "--outputs", "scores")
    assert brought.code == 3
    assert "has no operation 'scores'" in brought.errors


def test_torchscript_asks_for_what_it_cannot_know(make, bring):
    brought = bring(make("pytorch") / "script.pt")
    assert brought.code == 3
    assert "does not describe all of its input features" in brought.errors
    assert "--input 'features:float32[" in brought.errors


@pytest.mark.long
def test_torchscript(make, bring):
    brought = bring(make("pytorch") / "script.pt", "--input", "features:float32[-1,6]", "--outputs", "classes")
    assert brought.code == 0, brought.errors
    assert tensors(brought.manifest.spec.outputs) == [("classes", (-1, 3), "float32")]
    assert "torchscript" in brought.manifest.artifacts


@pytest.mark.long
def test_an_exported_program(make, bring):
    brought = bring(make("pytorch") / "program.pt2")
    assert brought.code == 0, brought.errors
    assert tensors(brought.manifest.spec.inputs) == [("features", (-1, 6), "float32")]
    assert {"torch_export", "torchscript", "torch_eager", "onnx", "savedmodel"} <= set(brought.manifest.artifacts)


@pytest.mark.long
def test_a_module_and_its_state_dict(make, bring):
    weights = str(make("pytorch") / "weights.pt")
    features = "--input", "features:float32[-1,6]"
    brought = bring("tiny_nets.nets:perceptron", "--weights", weights, *features)
    assert brought.code == 0, brought.errors
    assert {"torch_eager", "torchscript", "torch_export"} <= set(brought.manifest.artifacts)
    assert any((brought.artifacts / "mine/torch_export").glob("compiled-*.pt2")) == has_compiler()
    assert (brought.artifacts / "mine/torch_eager/code/tiny_nets/layers.py").is_file()
    assert brought.manifest.parameters == 6 * 8 + 8 + 8 * 3 + 3
    again = bring("tiny_nets.nets:perceptron", *features)
    assert again.code == 3
    assert "a model mine already exists" in again.errors


@pytest.mark.long
def test_a_module_s_safetensors_give_the_same_answers_and_its_labels_are_kept(make, bring, tmp_path):
    pytest.importorskip("safetensors")
    np.savez(tmp_path / "some.npz", features=np.random.default_rng(3).random((100, 6), np.float32))
    np.save(tmp_path / "classes.npy", np.arange(100) % 3)
    flags = "--samples", str(tmp_path / "some.npz")
    first = bring("tiny_nets.nets:perceptron", "--weights", str(make("pytorch") / "weights.pt"), *flags)
    weights = "--weights", str(make("safetensors") / "weights.safetensors")
    labels = "--labels", str(tmp_path / "classes.npy")
    second = bring("tiny_nets.nets:perceptron", *weights, *flags, *labels, name="other")
    assert first.code == second.code == 0, first.errors + second.errors
    one, other = (read_golden(first.artifacts / name).outputs["output"] for name in ("mine", "other"))
    assert np.array_equal(one, other)
    manifests = [read_manifest(first.artifacts / name) for name in ("mine", "other")]
    kept = [read_labelled(first.artifacts / manifest.model, manifest) for manifest in manifests]
    assert kept[0] is None
    assert (len(other), len(kept[1].labels)) == (64, 100)
    assert "its accuracy is measured beside a lower precision's" in manifests[1].quality


@pytest.mark.long
def test_a_module_of_several_inputs_with_the_user_s_samples(tmp_path, bring):
    random = np.random.default_rng(3)
    tokens, weight = random.integers(0, 50, (40, 7)), random.normal(size=(40, 1)).astype(np.float32)
    np.savez(tmp_path / "some.npz", tokens=tokens, weight=weight)
    brought = bring("tiny_nets.nets:tagger", "--samples", str(tmp_path / "some.npz"))
    assert brought.code == 0, brought.errors
    assert tensors(brought.manifest.spec.inputs) == [("tokens", (-1, 7), "int64"), ("weight", (-1, 1), "float32")]
    assert tensors(brought.manifest.spec.outputs) == [("scores", (-1, 3), "float32"), ("best", (-1,), "int64")]
    assert np.array_equal(read_golden(brought.artifacts / "mine").inputs["tokens"], tokens)


def test_what_cannot_be_converted_is_a_row_with_its_reason(bring):
    """The others go on, the exit code is 0, and nothing of the broken one is left."""
    brought = bring("tiny_nets.nets:spectrum", "--input", "signal:float32[-1,16]")
    assert brought.code == 0, brought.errors
    manifest = brought.manifest
    assert {"torch_eager", "torchscript"} <= set(manifest.artifacts)
    assert set(manifest.missing) == {"savedmodel", "frozen_graph", "keras_eager"}
    assert all(missing.reason for missing in manifest.missing.values())
    left = {path.name for path in (brought.artifacts / "mine").iterdir()}
    assert left == {"golden.npz", "manifest.json", *manifest.artifacts}
    assert (brought.artifacts / "mine/torch_eager/code/tiny_nets/layers.py").is_file()
    again = bring("tiny_nets.nets:spectrum", "--input", "signal:float32[-1,16]")
    assert (again.code, "a model mine already exists" in again.errors) == (3, True)


@pytest.mark.parametrize(
    ("factory", "says"),
    [
        ("tiny_nets.nets:across_the_batch", "depends on the rows beside it"),
        ("tiny_nets.nets:not_a_module", "makes a int, not a torch.nn.Module"),
        ("tiny_nets.nets:absent", "cannot be imported"),
        ("no_such_package:factory", "cannot be imported"),
    ],
)
def test_a_factory_that_gives_no_model_to_serve(bring, factory, says):
    brought = bring(factory, "--input", "features:float32[-1,6]")
    assert brought.code == 3
    assert says in brought.errors
    assert brought.folders == []


def test_weights_of_another_network_are_refused(make, bring):
    weights = str(make("pytorch") / "weights.pt")
    flags = "--input", "tokens:int64[-1,7]", "--input", "weight:float32[-1,1]"
    brought = bring("tiny_nets.nets:tagger", "--weights", weights, *flags)
    assert brought.code == 3
    assert "the weights in weights.pt are not those of the module" in brought.errors


def test_a_pickled_module_is_never_loaded(make, bring):
    file = make("pytorch") / "pickled.pt"
    assert "holds tensors or a pickled module, not TorchScript" in bring(file).errors
    brought = bring("tiny_nets.nets:perceptron", "--weights", str(file), "--input", "features:float32[-1,6]")
    assert brought.code == 3
    assert "torch.nn.modules.container.Sequential" in brought.errors
    assert "weights_only" not in brought.errors


@pytest.mark.long
def test_an_onnx_file(make, bring):
    pytest.importorskip("onnxruntime")
    brought = bring(make("onnx") / "model.onnx")
    assert brought.code == 0, brought.errors
    assert tensors(brought.manifest.spec.inputs) == [("features_in", (-1, 6), "float32")]
    assert set(brought.manifest.artifacts) >= {"torch_eager", "torchscript", "savedmodel", "frozen_graph"}


def test_a_file_that_makes_a_framework_fail_leaves_nothing(make, bring, tmp_path):
    """Sound as a zip, so that the framework itself sees it."""
    sound, broken = make("pytorch") / "script.pt", tmp_path / "broken.pt"
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(broken, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            new.writestr(member, content[: len(content) // 2] if member.filename.endswith("data.pkl") else content)
    brought = bring(broken, "--input", "features:float32[-1,6]")
    assert brought.code == 3
    assert "broken.pt cannot be read as a TorchScript file" in brought.errors
    assert brought.folders == []


def test_a_job_that_takes_too_long_ends_the_import(make, bring):
    brought = bring(make("tensorflow") / "keras.keras", "--timeout", "0.3")
    assert brought.code == 3
    assert "longer than 0.3 s" in brought.errors
    assert brought.folders == []


@pytest.mark.parametrize("name", ["digits_cnn", "Mine", "a/b", "..", "1st", ""])
def test_names_that_cannot_be_given(make, bring, name):
    brought = bring("tiny_nets.nets:perceptron", name=name)
    assert brought.code == 3
    assert "error: " in brought.errors

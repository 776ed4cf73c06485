"""Keras' files as people have them: answers in structures, `.h5`, and code that is run only where it is trusted."""

import json
import zipfile

import h5py
import numpy as np
import pytest

from serveoff.models.frameworks.keras_calling import Network
from serveoff.models.importing import kinds
from serveoff.models.importing.answering import answers, tensors_of
from serveoff.models.importing.errors import ImportFailed
from serveoff.models.importing.readers import opened
from serveoff.models.importing.resolve_inputs import resolve_inputs
from serveoff.models.importing.samples import seeded
from serveoff.models.importing.source import Source, parsed
from serveoff.models.jobs import child
from serveoff.models.jobs.child import Refused
from serveoff.models.loading import keras_network
from serveoff.models.spec import ModelSpec

import keras  # isort: skip

pytestmark = pytest.mark.usefixtures("tensorflow")
LAYERS = """
import keras

@keras.saving.register_keras_serializable(package="shop")
class Twice(keras.layers.Layer):
    def call(self, x):
        return x * self.factor()

    def factor(self):
        from shop_files.factors import TWO

        return TWO

class Doubling(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.twice = Twice()

    def call(self, x, training=False):
        return self.twice(x)
"""


@pytest.fixture
def brought(tmp_path):
    """Inspects, asks and adopts a file, and asks it again as it is loaded to be served: the spec, and its node."""

    def bring(model, suffix=".keras", declared=(), **flags):
        path = model
        if not isinstance(model, str):
            path = str(tmp_path / f"model{suffix}")
            model.save(path)
        source = Source(kind=kinds.detected(path), path=path, **flags)
        kinds.find(source.kind).check(source)
        reader = opened(source)
        inputs, names = resolve_inputs(path, reader.found, declared, {})
        below = {port.name: port.below for port in reader.found.inputs}
        batch = seeded(inputs, {}, 4, {name: below[own] for name, own in names.inputs.items()})
        answered = answers(reader, names, batch, source.fetch)
        outputs, names = answered.outputs, answered.names
        spec = ModelSpec(name="k", description="", inputs=inputs, outputs=tensors_of(outputs, names, reader.found))
        folder = tmp_path / kinds.node_of(source)
        folder.mkdir()
        reader.adopt(folder, spec, names)
        if kinds.node_of(source) == "keras":
            network = keras_network.build(folder, spec)
            assert isinstance(network, Network)
            for name, tensor in network(batch).items():
                assert np.allclose(tensor, outputs[name], atol=1e-6)
        return spec

    return bring


def named(spec):
    return [(tensor.name, tensor.source) for tensor in spec.outputs]


def row(size=6, name="x"):
    return keras.Input((size,), name=name)


def test_a_layer_s_several_outputs_keep_their_order(brought):
    x = keras.Input((4, 3), name="x")
    outputs = keras.layers.LSTM(2, return_sequences=True, return_state=True, name="encoder")(x)
    assert named(brought(keras.Model(x, outputs))) == [
        ("encoder", "output_0"), ("encoder_1", "output_1"), ("encoder_2", "output_2")
    ]  # fmt: skip


def test_a_list_s_outputs_that_are_chosen_in_another_order_are_not_swapped(brought):
    x = row()
    model = keras.Model(x, [keras.layers.Dense(2, name="first")(x), keras.layers.Dense(2, name="second")(x)])
    spec = brought(model, fetch=("second", "first"))
    assert named(spec) == [("first", "output_0"), ("second", "output_1")]


def test_a_dict_s_keys_are_names_in_its_own_order_whatever_they_are(brought):
    x, key = row(), keras.Input((), dtype="int64", name="id")
    dense = keras.layers.Dense
    model = keras.Model([x, key], {
        "score": dense(1)(x), "class": dense(3)(x), "box-xy": dense(2)(x), "id": keras.layers.Identity()(key),
        "states": [dense(2)(x), dense(2)(x)],
    })  # fmt: skip
    assert named(brought(model)) == [
        ("score", ""), ("class", ""), ("box_xy", "box-xy"), ("id_2", "id"),
        ("states_0", "states/0"), ("states_1", "states/1"),
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_a_sequential_model_s_output_has_its_layer_s_name(brought, suffix):
    assert named(brought(keras.Sequential([row(), keras.layers.Dense(2, name="y")]), suffix)) == [("y", "")]


@pytest.mark.parametrize("suffix", [".h5", ".hdf5"])
def test_what_keras_2_left_behind(brought, suffix):
    x = row()
    assert named(brought(keras.Model(x, keras.layers.Dense(3, name="y")(x)), suffix)) == [("y", "")]


def test_weights_alone_are_refused_with_what_to_do(tmp_path, brought):
    x = row()
    keras.Model(x, keras.layers.Dense(3)(x)).save_weights(tmp_path / "only.weights.h5")
    with pytest.raises(Refused, match="it holds weights without a model") as refused:
        brought(str(tmp_path / "only.weights.h5"))
    assert "load_weights" in refused.value.advice


@pytest.mark.parametrize(("suffix", "kind"), [(".keras", ImportFailed), (".h5", Refused)])
def test_a_lambda_is_code_that_is_run_where_it_is_trusted_and_leaves_a_graph(brought, suffix, kind):
    x = row()
    model = keras.Model(x, keras.layers.Lambda(lambda t: t * 2, name="doubled", output_shape=(6,))(x))
    with pytest.raises(kind, match="layer doubled is a Lambda"):
        brought(model, suffix)
    assert named(brought(model, suffix, trusted=("lambda",))) == [("doubled", "")]


@pytest.fixture
def shop(tmp_path):
    folder = tmp_path / "shop_files"
    folder.mkdir()
    (folder / "layers.py").write_text(LAYERS)
    (folder / "factors.py").write_text("TWO = 2\n")
    (folder / "__init__.py").write_text("")
    return {"trusted": ("shop_files.layers",), "search": (str(tmp_path),)}


def made(shop, name):
    found = {}
    exec(LAYERS.replace("from shop_files.factors import TWO", "TWO = 2"), found)
    return found[name]


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_class_of_the_user_s_is_named_and_imported_where_it_is_trusted(brought, shop, suffix):
    x = row()
    model = keras.Model(x, made(shop, "Twice")(name="twice")(x))
    keras.saving.get_custom_objects().clear()
    with pytest.raises(Refused, match="its layer twice needs Twice, which is not of Keras") as refused:
        brought(model, suffix)
    assert "--trust-code" in refused.value.advice
    assert named(brought(model, suffix, **shop)) == [("twice", "")]


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_so_is_a_function_of_the_user_s(brought, suffix):
    def hardest(x):
        return keras.ops.clip(x, 0.0, 1.0)

    x = row()
    model = keras.Model(x, keras.layers.Dense(2, activation=hardest, name="last")(x))
    with pytest.raises(Refused, match="its layer last needs hardest, which is not of Keras") as refused:
        brought(model, suffix)
    assert refused.value.advice.endswith("--trust-code MODULE")


def test_a_module_that_is_not_there_is_told_with_where_to_go(brought, shop):
    x = row()
    model = keras.Model(x, keras.layers.Dense(2)(x))
    with pytest.raises(Refused, match="--trust-code no_such_shop cannot be imported") as refused:
        brought(model, **(shop | {"trusted": ("no_such_shop",)}))
    assert "PYTHONPATH" in refused.value.advice


def test_a_subclassed_model_that_is_trusted_takes_its_input_from_the_flag(brought, shop):
    model = made(shop, "Doubling")(name="doubling")
    model(np.zeros((1, 6), np.float32))
    keras.saving.get_custom_objects().clear()
    assert named(brought(model, declared=(parsed("x:float32[-1,6]"),), **shop)) == [("output", "")]


def test_layers_that_were_built_to_train_are_told(brought):
    x = row()
    child._notes.clear()
    brought(keras.Model(x, keras.layers.Dropout(0.5, name="drop")(x, training=True)))
    (text,) = child._notes
    assert text.startswith("layer drop is called with training=True, which model.predict of Keras 3 overrides")


@pytest.mark.parametrize("last", ["float32", "float16"])
def test_a_model_of_mixed_precision_answers_in_float32_and_is_judged_by_float16(brought, last):
    x = keras.Input((6,), name="x", dtype=last)
    hidden = keras.layers.Dense(8, dtype="mixed_float16")(x)
    spec = brought(keras.Model(x, keras.layers.Dense(3, dtype=last, name="y")(hidden)))
    assert [(tensor.dtype, tensor.precision) for tensor in spec.outputs] == [("float32", "float16")]
    assert spec.inputs[0].dtype == "float32"


def test_small_integers_are_carried_by_wider_ones(brought):
    x = keras.Input((6,), name="x", dtype="int16")
    spec = brought(keras.Model(x, keras.layers.Dense(3, name="y")(keras.ops.cast(x, "float32"))))
    assert [tensor.dtype for tensor in (*spec.inputs, *spec.outputs)] == ["int32", "float32"]


def test_an_output_that_is_no_row_is_left_out_of_a_list(brought):
    x = row()
    total = keras.layers.Lambda(lambda t: t[0, 0], output_shape=())(x)
    model = keras.Model(x, [total, keras.layers.Dense(2, name="y")(x)])
    assert named(brought(model, trusted=("lambda",))) == [("y", "output_1")]


@pytest.mark.parametrize("rows", [1, 8])
def test_a_model_for_a_fixed_number_of_rows_takes_any_where_its_layers_do(brought, rows):
    x = keras.Input(batch_shape=(rows, 6), name="x")
    spec = brought(keras.Model(x, keras.layers.Dense(2, name="y")(x)))
    assert (spec.inputs[0].shape, spec.one_row) == ((-1, 6), False)


def test_a_model_that_computes_with_its_one_row_is_told_with_the_way_out(brought):
    x = keras.Input(batch_shape=(1, 6), name="x")
    with pytest.raises(Refused, match="its batch is fixed at 1, and what it computes holds for no other") as refused:
        brought(keras.Model(x, keras.layers.Dense(2)(keras.ops.reshape(x, (1, 6)))))
    assert "a free first axis" in refused.value.advice


@pytest.mark.parametrize("nested", [False, True])
def test_tokens_without_an_integer_input_are_drawn_as_ids(brought, nested, monkeypatch):
    monkeypatch.setattr(child, "_notes", [])
    model = keras.Sequential([keras.layers.Embedding(50, 4), keras.layers.Flatten(), keras.layers.Dense(2, name="y")])
    model(np.zeros((2, 20), np.float32))
    if nested:
        x = keras.Input((20,), name="x")
        model = keras.Model(x, keras.layers.Dense(2, name="y")(model(x)))
    spec = brought(model)
    assert (spec.inputs[0].dtype, child._notes) == ("float32", [])


def test_of_several_embeddings_the_least_counts_and_other_inputs_have_none(tmp_path):
    ids, x = keras.Input((3,), dtype="int64", name="ids"), row()
    embedded = [keras.layers.Flatten()(keras.layers.Embedding(count, 2)(ids)) for count in (70, 30)]
    keras.Model([x, ids], keras.layers.Concatenate()([x, *embedded])).save(tmp_path / "m.keras")
    found = opened(Source(kind="keras", path=str(tmp_path / "m.keras"))).found
    assert [(port.name, port.below) for port in found.inputs] == [("x", 0), ("ids", 30)]


def test_ids_are_known_behind_a_cast_and_another_shape(tmp_path):
    ids = keras.Input((6,), dtype="float32", name="ids")
    taken = keras.layers.Reshape((2, 3))(keras.ops.cast(ids, "int32"))
    scaled = keras.Input((6,), name="scaled")
    embedded = [keras.layers.Embedding(30, 2)(tensor) for tensor in (taken, keras.ops.multiply(scaled, 9.0))]
    answer = keras.layers.Concatenate()([keras.layers.Flatten()(each) for each in embedded])
    keras.Model([ids, scaled], answer).save(tmp_path / "m.keras")
    found = opened(Source(kind="keras", path=str(tmp_path / "m.keras"))).found
    assert [(port.name, port.below) for port in found.inputs] == [("ids", 30), ("scaled", 0)]


def test_text_is_refused_with_what_to_do(brought):
    text = keras.Input((1,), dtype="string", name="text")
    layer = keras.layers.TextVectorization(vocabulary=["ab", "cd"], output_sequence_length=4)
    with pytest.raises(ImportFailed, match="its input text is string, which is not served") as failed:
        brought(keras.Model(text, layer(text)))
    assert "turn text into numbers in the client" in failed.value.problem.advice


def older(model, path, kind, instead=None, **more):
    """The model's HDF5 file with what Keras 2 writes for the layers of a kind."""
    model.save(path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        for layer in config["config"]["layers"]:
            if layer["class_name"] == kind:
                layer["config"] |= more
                layer |= instead or {}
        file.attrs["model_config"] = json.dumps(config)
    return str(path)


@pytest.mark.parametrize(
    ("size", "kind", "more"),
    [
        ((5, 4), "LSTM", {"time_major": False}),
        ((8, 8, 3), "DepthwiseConv2D", {"groups": 1}),
    ],
)
def test_arguments_of_keras_2_that_say_nothing_are_left_out(brought, tmp_path, size, kind, more):
    x = keras.Input(size, name="x")
    model = keras.Model(x, getattr(keras.layers, kind)(3, name="y")(x))
    path = older(model, tmp_path / "old.h5", kind, **more)
    assert named(brought(path)) == [("y", "")]


def test_an_argument_that_says_something_is_not(brought, tmp_path):
    x = keras.Input((5, 4), name="x")
    path = older(keras.Model(x, keras.layers.LSTM(3)(x)), tmp_path / "old.h5", "LSTM", time_major=True)
    with pytest.raises((TypeError, ValueError), match="time_major"):
        brought(path)


def test_an_operation_of_tensorflow_in_a_file_of_keras_2_is_told_with_the_way_out(brought, tmp_path):
    x = keras.Input((8,), name="x")
    model = keras.Model(x, keras.layers.Dense(3)(keras.layers.Rescaling(2.0)(x)))
    operation = {"class_name": "TFOpLambda", "module": None, "name": "tf.math.multiply"}
    path = older(model, tmp_path / "ops.h5", "Rescaling", operation, function="math.multiply")
    with pytest.raises(Refused, match="is an operation of TensorFlow, a TFOpLambda, as Keras 2 alone") as refused:
        brought(path)
    assert "model.export('folder')" in refused.value.advice


def test_hdf5_is_hdf5_whatever_it_is_called(brought, tmp_path):
    x = row()
    keras.Model(x, keras.layers.Dense(3, name="y")(x)).save(tmp_path / "model.h5")
    (tmp_path / "model.h5").rename(tmp_path / "model.keras")
    assert named(brought(str(tmp_path / "model.keras"))) == [("y", "")]


OLD = {
    "LSTM": {"time_major": False},
    "BatchNormalization": {"axis": [3]},
    "DepthwiseConv2D": {"groups": 1},
    "Conv2DTranspose": {"groups": 1},
    "SeparableConv2D": {"groups": 1, "kernel_initializer": None, "kernel_regularizer": None, "kernel_constraint": None},
}
"""What Keras 2 writes beside."""


def histories(value):
    """Of each tensor that a layer is called with: the layer that it comes from, and which of its results it is."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        return [value["config"]["keras_history"]]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for each in inner for found in histories(each)]


def in_words_of_keras_2(network, engine):
    kind, inner = network["class_name"], network["config"]
    if kind == "Functional":
        network["module"] = f"{engine}.functional"
        for ends in ("input_layers", "output_layers"):
            inner[ends] = [inner[ends]] if isinstance(inner[ends][0], str) else inner[ends]
    for place, layer in enumerate(inner["layers"]):
        own = layer["config"]
        if layer["class_name"] in ("Functional", "Sequential"):
            in_words_of_keras_2(layer, engine)
        elif layer["class_name"] == "InputLayer":
            own["batch_input_shape"] = own.pop("batch_shape")
            del own["optional"]
        else:
            own |= OLD.get(layer["class_name"], {})
            policy = {"module": "keras.mixed_precision", "class_name": "Policy", "registered_name": None}
            own["dtype"] = {**policy, "config": {"name": own["dtype"]["config"]["name"]}}
            own |= {"batch_input_shape": layer["build_config"]["input_shape"]} if kind == "Sequential" and place else {}
        layer["inbound_nodes"] = [[[*found, {}] for found in histories(n)] for n in layer.get("inbound_nodes", ())]


def of_keras_2(model, path, engine="keras.src.engine", instead=()):
    """The model's file as Keras 2.12 to 2.15 write it, or with another layer in place of those of a class."""
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    in_words_of_keras_2(config, engine)
    for layer in config["config"]["layers"]:
        layer |= dict(instead).get(layer["class_name"], {})
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**members, "config.json": json.dumps(config)}.items():
            archive.writestr(name, content)
    return str(path)


def convolutions():
    x = keras.Input((8, 8, 3), name="x")
    kinds = keras.layers.SeparableConv2D, keras.layers.Conv2DTranspose
    hidden = keras.layers.DepthwiseConv2D(2)(keras.layers.BatchNormalization()(x))
    for kind in kinds:
        hidden = kind(3, 2)(hidden)
    return keras.Model(x, keras.layers.Dense(2, name="y")(keras.layers.Flatten()(hidden)))


def recurrent():
    x, weight = keras.Input((5, 4), name="x"), keras.Input((2,), name="weight")
    within = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, dtype="mixed_float16")])
    both = keras.layers.Concatenate()([within(keras.layers.LSTM(3)(x)), weight])
    return keras.Model([x, weight], keras.layers.Dense(2, dtype="float32", name="y")(both))


def sequential():
    return keras.Sequential([row(), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2, name="y")])


@pytest.mark.parametrize("made", [convolutions, recurrent, sequential])
@pytest.mark.parametrize("engine", ["keras.src.engine", "keras.engine", "tf_keras.src.engine"])
def test_a_zip_of_keras_2_is_read_in_today_s_words_and_written_in_them(brought, tmp_path, made, engine):
    model = made()
    path = of_keras_2(model, tmp_path / "old.keras", engine)
    assert named(brought(path)) == [("y", "")]
    again = keras.saving.load_model(tmp_path / "keras" / "model.keras")
    rows = [np.random.default_rng(3).random((4, *given.shape[1:]), np.float32) for given in model.inputs]
    given = rows if len(rows) > 1 else rows[0]
    assert np.array_equal(again.predict(given, verbose=0), model.predict(given, verbose=0))


@pytest.mark.parametrize(
    ("name", "module", "says", "advice"),
    [
        ("TFOpLambda", "keras.src.layers.core.tf_op_layer", "is an operation of TensorFlow, a TFOpLambda", "Keras 2"),
        ("Hashes", "keras.src.layers.hashes", "needs Hashes of keras.src.layers.hashes, which Keras 3 has", "Keras 2"),
        ("Boxes", "keras_cv.layers", "needs Boxes of keras_cv, which is not installed", "pip install keras_cv"),
    ],
)
def test_a_layer_whose_module_is_not_there_is_told_with_the_way_out(brought, tmp_path, name, module, says, advice):
    x = keras.Input((8,), name="x")
    model = keras.Model(x, keras.layers.Dense(3)(keras.layers.Rescaling(2.0)(x)))
    instead = {"Rescaling": {"class_name": name, "module": module, "registered_name": name}}
    with pytest.raises(Refused, match=says) as refused:
        brought(of_keras_2(model, tmp_path / "ops.keras", instead=instead))
    assert advice in refused.value.advice

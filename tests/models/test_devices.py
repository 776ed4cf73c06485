"""Where a model computes is found by trying it out: what was asked for proves nothing."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from serveoff.models.formats import frozen_graph
from serveoff.models.formats.torch_eager import calling
from serveoff.models.frameworks import tensorflow_setup
from serveoff.models.frameworks.tensorflow_setup import joined
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.spec import REPOSITORY
from serveoff.models.tensors import zeros
from serveoff.models.zoo import load_spec

torch = pytest.importorskip("torch")
tf1 = tf.compat.v1
SPEC = load_spec("digits_cnn")
FEED, FETCH = "image:0", "probabilities:0"


@pytest.fixture(autouse=True, scope="module")
def threads():
    """The process's, set before its first operation: the other modules of this folder set the same."""
    tensorflow_setup.configure(1, "cpu")


# Two logical CPUs are two devices to TensorFlow: the second is what a GPU would be.
LOAD_ON_THE_SECOND_DEVICE = """
import json, sys
from pathlib import Path
from serveoff.models.formats import find
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.tensors import zeros
from serveoff.models.zoo import load_spec
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
for module in (find("savedmodel"), find("keras_eager")):
    module.configure = lambda threads, device: None
found = {}
for format in ("savedmodel", "keras_eager"):
    with tf.device("CPU:1"):
        found[format] = find(format).load(Path(sys.argv[1]) / format, load_spec("digits_cnn"), device="cuda:0").device
print(json.dumps(found))
"""


def network(*devices):
    """A graph of the model's tensors, with an operation on floats on each device in turn."""
    with tf.Graph().as_default() as graph:
        with tf.device(devices[0]):
            tensor = tf.reshape(tf1.placeholder(tf.float32, [None, 28, 28, 1], FEED[:-2]), [-1, 784])
        for device in devices:
            with tf.device(device):
                tensor = tf.nn.relu(tensor)
        with tf.device(devices[-1]):
            tf.nn.softmax(tensor, name=FETCH[:-2])
    return graph


def placed(*devices, **config):
    with tf1.Session(graph=network(*devices), config=tf1.ConfigProto(**config)) as session:
        return frozen_graph.placement(session, [FETCH], frozen_graph.fed(zeros(SPEC.inputs)))


def test_a_session_that_fell_back_to_the_cpu_without_a_word_is_found_out():
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU here, so nothing falls back")
    assert placed("/device:GPU:0", allow_soft_placement=True) == "cpu"


def test_a_session_computes_where_its_operations_were_placed():
    assert placed("/device:CPU:1", device_count={"CPU": 2}) == "cpu:1"
    assert placed("/device:CPU:0", "/device:CPU:1", device_count={"CPU": 2}) == "cpu+cpu:1"


@pytest.mark.slow
def test_eager_tensors_and_variables_tell_where_they_are(model_dir):
    command = [sys.executable, "-c", LOAD_ON_THE_SECOND_DEVICE, str(model_dir)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=200)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"savedmodel": "cpu:1", "keras_eager": "cpu:1"}


def test_pytorch_computes_where_its_answer_is():
    class Anywhere(torch.nn.Module):
        def forward(self, image):
            return image.flatten(1)

    assert calling(Anywhere(), SPEC, "cpu", zeros(SPEC.inputs)).device == "cpu"
    assert calling(Anywhere(), SPEC, "meta", zeros(SPEC.inputs)).device == "meta"  # any device but the CPU


@pytest.mark.parametrize(
    ("names", "device"),
    [
        (["/job:localhost/replica:0/task:0/device:GPU:0"], "cuda:0"),
        (["/job:localhost/replica:0/task:0/device:CPU:0"] * 2, "cpu"),
        (
            ["/job:localhost/replica:0/task:0/device:GPU:1", "/job:localhost/replica:0/task:0/device:CPU:0"],
            "cpu+cuda:1",
        ),
    ],
)
def test_tensorflows_devices_have_pytorchs_names(names, device):
    assert joined(names) == device


@pytest.fixture
def gpus(monkeypatch):
    """TensorFlow as if it saw two GPUs; what was asked of each."""
    asked = SimpleNamespace(grows={}, visible=None)
    found = [SimpleNamespace(name=f"/physical_device:GPU:{index}") for index in range(2)]
    config = tensorflow_setup.tensorflow.config
    monkeypatch.setattr(config, "list_physical_devices", lambda kind: found if kind == "GPU" else [])
    monkeypatch.setattr(config.experimental, "set_memory_growth", lambda gpu, on: asked.grows.update({gpu.name: on}))
    monkeypatch.setattr(config, "set_visible_devices", lambda devices, kind: setattr(asked, "visible", (devices, kind)))
    for threads in ("set_intra_op_parallelism_threads", "set_inter_op_parallelism_threads"):
        monkeypatch.setattr(config.threading, threads, lambda count: None)
    return asked


def test_a_gpu_that_is_used_gives_memory_as_it_is_asked_for(gpus):
    tensorflow_setup.configure(1, "cuda:0")
    assert gpus.grows == {"/physical_device:GPU:0": True, "/physical_device:GPU:1": True}
    assert gpus.visible is None


def test_on_the_cpu_no_gpu_is_seen_nor_touched(gpus):
    tensorflow_setup.configure(1, "cpu")
    assert (gpus.grows, gpus.visible) == ({}, ([], "GPU"))


@pytest.mark.parametrize(("device", "hidden"), [("cpu", {"GPU": 0}), ("cuda:0", {})])
def test_a_session_is_given_the_same(model_dir, monkeypatch, device, hidden):
    configs, real = [], tf1.Session
    monkeypatch.setattr(frozen_graph.tf1, "Session", lambda graph, config: configs.append(config) or real(graph=graph))
    frozen_graph.load(model_dir / "frozen_graph", SPEC, device=device)
    assert configs[0].gpu_options.allow_growth
    assert dict(configs[0].device_count) == hidden


def test_no_exported_graph_is_pinned_to_a_device(model_dir):
    """Else TensorFlow Serving, whose log tells of the GPUs that it opened, might not use them."""
    for folder in ("savedmodel/1", "frozen_graph/serving/1"):
        saved = SavedModel.FromString((model_dir / folder / "saved_model.pb").read_bytes())
        graph = saved.meta_graphs[0].graph_def
        nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
        assert {node.device for node in nodes if node.op in ("Conv2D", "MatMul", "Softmax")} == {""}

"""Models as people have them: each script of cases/ writes its files, which are then imported as its head says.

A case names the formats that the import must have, or what the refusal must say.
"""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_line import MEASURED, CommandLine

CASES = Path(__file__).with_name("cases")


@dataclass(frozen=True)
class Case:
    """One import. `folder` is where the command is given, below the script's own."""

    name: str
    command: str
    formats: str = ""
    refused: str = ""
    says: str = ""
    folder: str = "."

    @property
    def number(self):
        return self.name[:2]


# ruff: noqa: E501
IMPORTS = (
    Case("01", "encoder.keras --input-range tokens=0:49", "keras_eager savedmodel frozen_graph onnx"),
    Case("01b", "encoder_dict.keras --input-range tokens=0:49", "keras_eager savedmodel frozen_graph onnx"),
    Case("02", "tabular.keras", "keras_eager savedmodel"),
    Case("02b", "lookup.keras", "keras_eager savedmodel"),
    Case("03", "zipmap.onnx", "onnx"),
    Case("03b", "trees.onnx", "onnx"),
    Case("03c", "labels.onnx", "onnx"),
    Case("04", "model_quantized.onnx", "onnx"),
    Case("05a", "snapshots/abc/model.onnx", "onnx savedmodel torchscript"),
    Case("05b", "snapshots/abc/model.keras", "keras_eager savedmodel onnx"),
    Case("05d", "snapshots/abc/model.pt --input 'input:float32[-1,6]'", "torchscript onnx"),
    Case("07", "frozen_graph.pb --outputs probabilities", refused="--set"),
    Case("07s", "frozen_graph.pb --outputs probabilities --set keep_prob=1.0 --set is_training=false", "frozen_graph savedmodel onnx torchscript"),
    Case("07d", "with_defaults.pb --outputs probabilities", "frozen_graph savedmodel onnx"),
    Case("08", "nms.pt --input 'boxes:float32[-1,20,4]' --input 'scores:float32[-1,20]'", refused="torchvision"),
    Case("09", "packed:make --weights w.pt --input 'tokens:int64[-1,8]' --input 'lengths:int64[-1]' --samples samples.npz", "torch_eager torchscript"),
    Case("10", "shop.net:make --weights w.pt --input 'input:float32[-1,6]'", "torch_eager torchscript onnx"),
    *(Case(f"11_{v}", f"net_{v}.onnx", "onnx savedmodel torchscript") for v in (7, 8, 9, 10, 11, 12)),
    Case("11_resize", "net_resize10.onnx", "onnx savedmodel"),
    Case("11_clip", "net_clip10.onnx", "onnx savedmodel torchscript"),
    Case("11_up", "net_upsample9.onnx", "onnx savedmodel"),
    Case("11_slice", "net_slice9.onnx", "onnx savedmodel"),
    Case("11_pad", "net_pad10.onnx", "onnx savedmodel"),
    Case("11_topk", "net_topk9.onnx", "onnx"),
    Case("12", "mixed.keras", "keras_eager savedmodel"),
    Case("12b", "half_out.keras", "keras_eager savedmodel"),
    Case("13", "masked.pt --input 'x:float32[-1,8]' --input 'allowed:bool[-1,5]' --outputs scores", "torchscript onnx"),
    Case("14", "export --signature predict_images", "savedmodel"),
    Case("14b", "export", refused="--signature"),
    Case("16", "frozen_graph.pb --outputs y", "frozen_graph"),
    Case("17", "segment.keras --input 'image:float32[-1,32,48,3]'", "keras_eager savedmodel onnx"),
    Case("17b", "segment.keras --input 'image:float32[-1,1024,1024,3]'", "keras_eager savedmodel onnx"),
    Case("18", "fixed.onnx", "onnx savedmodel torchscript"),
    *(
        Case(f"19{w[0]}", f"net19:make --weights {w}.pth --input 'input:float32[-1,6]'", "torch_eager torchscript onnx")
        for w in ("old", "module_prefix", "checkpoint")
    ),
    Case("19t", "tied19:make --weights tied.safetensors --input 'tokens:int64[-1,6]' --input-range tokens=0:39", "torch_eager torchscript onnx"),
    Case("20a", "dict.pt --input 'x:float32[-1,6]'", "torchscript onnx"),
    Case("20b", "nested.pt --input 'x:float32[-1,4,6]'", "torchscript onnx"),
    Case("20c", "list.pt --input 'x:float32[-1,6]'", "torchscript onnx savedmodel"),
    Case("20d", "takes_list.pt --input 'x:float32[-1,6]'", refused="list"),
    Case("20e", "optional.pt --input 'x:float32[-1,6]'", "torchscript onnx savedmodel"),
    Case("20f", "bfloat16.pt --input 'x:float32[-1,6]'", "torchscript torch_export savedmodel"),
    Case("20g", "double.pt --input 'x:float64[-1,3,8,8]'", "torchscript"),
    Case("21", "model.h5", "keras_eager savedmodel onnx"),
    Case("21b", "lambda.keras", refused="Lambda"),
    Case("21c", "custom.keras", refused="--trust-code"),
    Case("21l", "lambda.keras --trust-code lambda", "savedmodel frozen_graph onnx"),
    # Keras 3 predicts with training=False whatever a layer's call says: the answers are neither random nor the batch's.
    Case("21t", "custom.keras --trust-code shop", "savedmodel frozen_graph onnx"),
    Case("21d", "mc_dropout.keras", "keras_eager savedmodel onnx", says="dropout_1 is called with training=True"),
    Case("21e", "bn_training.keras", "keras_eager savedmodel", says="is called with training=True"),
    Case("21f", "strings.keras", refused="string"),
    Case("22", "qdq.onnx", "onnx"),
    Case(
        "23",
        "export --input 'input_ids:int32[-1,16]' --input 'attention_mask:int32[-1,16]' --input 'token_type_ids:int32[-1,16]'"
        " --input-range input_ids=0:199 --input-range attention_mask=0:1 --input-range token_type_ids=0:1",
        "savedmodel onnx",
    ),
    Case("24", "rope:make --weights w.pt --input 'x:float32[-1,10,16]'", "torch_eager torchscript torch_export onnx savedmodel"),
    Case("25a", "kw25:wrapped --input 'x:float32[-1,6]'", "torch_eager onnx"),
    Case("25b", "kw25:by_keyword --input 'ids:int64[-1,6]' --input 'mask:int64[-1,6]'", "torch_eager onnx"),
    Case("25c", "kw25:gap --input 'ids:int64[-1,6]' --input 'mask:int64[-1,6]'", "torch_eager onnx"),
    Case("25d", "kw25:output_class --input 'x:float32[-1,6]'", "torch_eager torchscript onnx"),
    *(Case(f"26{n[0]}", f"{n}.onnx", "onnx") for n in ("lstm", "gru", "if", "float16")),
    Case("26n", "int32.onnx", "onnx"),
    Case("27a", "class.keras", "keras_eager savedmodel onnx"),
    Case("27b", "keyed.keras", "keras_eager savedmodel onnx"),
    Case("27c", "class.pt --input 'x:float32[-1,6]'", "torchscript onnx savedmodel"),
    Case("27d", "keyed.pt --input 'x:float32[-1,6]' --input 'id:int64[-1]'", "torchscript onnx savedmodel"),
    Case("28", "upscale.pt --input 'input:float32[-1,3,256,256]' --outputs large", "torchscript onnx"),
    Case("29", "function.onnx", "onnx savedmodel torchscript"),
    Case("30", "models.net:make --weights w.pt --input 'x:float32[-1,6]'", "torch_eager torchscript onnx"),
    Case("30b", "nets30:make --weights w.pt --input 'x:float32[-1,6]'", "torch_eager torchscript onnx"),
)  # fmt: skip


SERVED = ("01", "03b", "12", "18", "19c", "20b", "25b", "27a", "29")
LARGE = {"28": ("torchserve-*", "flask-torchscript*"), "17b": ("flask-savedmodel*", "flask-tuned-savedmodel*")}
"""Rows and answers of 12.6 MB, some 60 MB as JSON."""
SHORT = ("--profile", "quick", "--concurrency", "1,4", "--rounds", "3", "--warmup", "0.2")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Runs a case's script once; the folder of its files."""
    made = {}

    def write(number):
        if number not in made:
            out = tmp_path_factory.mktemp(f"case{number}")
            (script,) = CASES.glob(f"{number}_*.py")
            subprocess.run([sys.executable, script, out], check=True, capture_output=True)
            made[number] = out / number
        return made[number]

    return write


def imported(case, folder, artifacts):
    """What became of the import that a case asks for."""
    command = ["-I", "-m", "serveoff", "import", *shlex.split(case.command), "--name", "case"]
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder / case.folder,
        env={**os.environ, "SERVEOFF_ARTIFACTS": str(artifacts), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.long
@pytest.mark.parametrize("case", IMPORTS, ids=lambda case: case.name)
def test_a_model_as_people_have_it(case, written, tmp_path):
    done = imported(case, written(case.number), tmp_path)
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    if case.refused:
        assert (done.returncode, case.refused in said) == (3, True), said
        return
    assert (done.returncode, case.says in said) == (0, True), said
    manifest = json.loads((tmp_path / "case" / "manifest.json").read_text())
    assert set(case.formats.split()) <= set(manifest["artifacts"]), said


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", SERVED)
def test_what_was_imported_is_served_in_every_format_and_answers_rightly_under_load(name, written, tmp_path):
    (case,) = (case for case in IMPORTS if case.name == name)
    assert imported(case, written(case.number), tmp_path / "models").returncode == 0
    cli = CommandLine(tmp_path, tmp_path / "models")
    done = cli.run("run", "--model", "case", "--extra", "onnx,torch_export", *SHORT, timeout=1000)
    assert done.returncode in MEASURED, done.stderr
    served = [e for e in cli.suite.endpoints if e.format != "null" and not e.unavailable]
    manifest = json.loads((tmp_path / "models" / "case" / "manifest.json").read_text())
    assert {e.format for e in served} == set(manifest["artifacts"])
    for endpoint in served:
        assert endpoint.gate.passed, endpoint.gate
        assert sum(window.requests for window in endpoint.windows) > 0, endpoint.endpoint
        assert sum(w.wrong_answers + w.errors for w in endpoint.windows) == 0, endpoint.endpoint


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("name", "chosen"), LARGE.items())
def test_large_rows_and_answers_are_served(name, chosen, written, tmp_path):
    (case,) = (case for case in IMPORTS if case.name == name)
    assert imported(case, written(case.number), tmp_path / "models").returncode == 0
    cli = CommandLine(tmp_path, tmp_path / "models")
    done = cli.run("run", "--model", "case", "--profile", "quick", *chosen, timeout=1500)
    assert done.returncode in MEASURED, done.stderr
    for endpoint in (endpoint for endpoint in cli.suite.endpoints if not endpoint.unavailable):
        assert sum(window.requests for window in endpoint.windows) > 0, endpoint.endpoint
        assert sum(w.wrong_answers + w.errors for w in endpoint.windows) == 0, endpoint.endpoint

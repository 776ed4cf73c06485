"""Programs ask for the code of a problem and never for its words: found in the sources, as far as these can tell.

Looked for are strings' beginnings and ends, and whatever compares or searches in something that is called as messages
are. What reads a protocol, a file or a name, or the message of a program that has no code for it, is listed with its
reason.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.test_architecture import REPOSITORY, sources

SAID = {"text", "advice", "reason", "message", "problem", "problems", "seen", "why", "error", "errors", "said", "cause"}
"""What messages are called."""
EDGES = {"startswith", "endswith"}
SEARCHES = {"search", "match", "fullmatch", "findall", "finditer"}
FOLDERS = ("serveoff", "loadtests", "models/importing")
ALLOWED = {
    "the end of a file's name, or the name of what is in an archive": {
        ("frozen_graph.py", "path.endswith('.pb')"),
        ("samples.py", "path.endswith(LINES)"),
        ("samples.py", "name.startswith(INPUTS)"),
        ("keras.py", "path.endswith(('.keras', *HDF5_SUFFIXES))"),
        ("keras.py", "source.path.endswith(HDF5_SUFFIXES)"),
        ("onnx.py", "path.endswith('.onnx')"),
        ("torch.py", "source.weights.endswith('.safetensors')"),
        ("torchscript.py", "path.endswith(SUFFIXES)"),
        ("torch_export.py", "path.endswith('.pt2')"),
        ("torchscript.py", "name.startswith('code/')"),
        ("torch.py", "source.weights.endswith('.index.json')"),
        ("torch_weights.py", "file.endswith('.safetensors')"),
        ("user_code.py", "part.startswith('.')"),
        ("across_store.py", "f.name.startswith(PREFIX)"),
    },
    "the path of a request": {
        ("control.py", "flask.request.path.endswith('/swarm')"),
        ("errors.py", "request.path.endswith('.json')"),
        ("engine.py", "str(client.api.base_url).startswith('http+docker')"),
    },
    "the grammar of an option, a setting or a protocol": {
        ("exchanges.py", "endpoint.url.partition('://')[0].endswith('s')"),
        ("exchange.py", "secret.startswith(text[at:].rstrip('\\'\"…'))"),
        ("exchanges.py", "text.startswith('@')"),
        ("urls.py", "value.startswith('@')"),
        ("replicas.py", "line.startswith('+ ')"),
        ("csv.py", "value.startswith(_FORMULA)"),
        ("engine.py", "option.startswith('name=rootless')"),
        ("host_client.py", "name.startswith('LOCUST_')"),
    },
    "how a file begins": {
        ("unvouched_files.py", "head.startswith(POINTER)"),
        ("samples.py", "file.read(len(ZIP[0])).startswith(ZIP)"),
        ("samples.py", "magic.startswith(npy.MAGIC_PREFIX)"),
        ("samples.py", "magic.endswith(b'\\x01\\x00')"),
    },
    "a file of the kernel": {
        ("machine.py", "line.startswith('model name')"),
        ("procfs.py", "record.startswith('Name:')"),
    },
    "a name: of a device, a server, a field or an encoding": {
        ("capacity.py", "(result.device or '').startswith('cuda')"),
        ("validity.py", "(device or '').startswith('cuda')"),
        ("devices.py", "(entry.result.device or '').startswith(GPU)"),
        ("local.py", "deployment.server.startswith('tfserving')"),
        ("payloads.py", "name.startswith('gRPC')"),
        ("differences.py", "name.endswith('_ms')"),
        ("differences.py", "name.endswith('_s')"),
        ("keras.py", "name.startswith('__')"),
        ("onnx_axes.py", "node.op_type.startswith(('Reduce', 'Arg'))"),
        ("torch_weights.py", "name.startswith(prefix)"),
        ("torch_weights.py", "name.startswith(fitting[0])"),
        ("constants.py", "word.startswith('keep')"),
        ("constants.py", "word.startswith('dropout')"),
        ("torch_weights.py", "name.endswith('num_batches_tracked')"),
        ("torchscript.py", "re.search('quantized::\\\\w+_dynamic', str(self._module.inlined_graph))"),
    },
    "a framework has no code for why it refuses a model; it chooses the advice, and what the reason names": {
        ("keras.py", "UNKNOWN.search(str(error))"),
        ("next_steps.py", "BOUND.search(reason)"),
        ("next_steps.py", "INDEX.search(reason)"),
        ("next_steps.py", "SIZES.search(reason)"),
        ("next_steps.py", "BOUND.search(error.reason)"),
        ("torch_refusals.py", "re.search(UNPACKED, message)"),
        ("onnx.py", "re.search('([\\\\w.:]+)\\\\([-\\\\d]+\\\\) is not a registered function/op', message)"),
        ("onnx.py", "re.search('Could not find an implementation for (\\\\w+)\\\\(', message)"),
        ("tf_operators.py", "UNKNOWN.search(str(error))"),
        ("torch_refusals.py", "re.search(_DTYPES, message)"),
        ("torch_refusals.py", "re.search(pattern, message)"),
        ("torch_weights.py", "re.findall('GLOBAL (\\\\S+)', str(error))"),
    },
    "Docker's client and Compose say why in words alone; it chooses the advice, and nothing else hangs on it": {
        ("engine.py", "'Permission denied' in cause"),
        ("engine.py", "'PermissionError' in cause"),
        (
            "engine.py",
            "re.findall(\"(?:Error\\\\(\\\\d+, '([^']+)'\\\\)|Name or service not known|timed out)\", cause)",
        ),
        ("docker.py", "re.search(pattern, cause)"),
    },
}
"""Reason to the files, by name alone for they may move, and the expressions that it holds for."""


def test_no_code_matches_the_words_of_a_message():
    found = {(path.name, text) for path in scanned() for text in matches(path.read_text())}
    allowed = set().union(*ALLOWED.values())
    assert found - allowed == set(), "ask for a code, or say here why there is none"
    assert allowed - found == set(), "no longer there: take it from the list"


def scanned() -> list[Path]:
    return [path for path in sources() if path.relative_to(REPOSITORY).as_posix().startswith(FOLDERS)]


def matches(source: str) -> Iterator[str]:
    """Each expression that asks for words."""
    for node in ast.walk(ast.parse(source)):
        if asks_for_an_edge(node) or compares_words(node) or searches_words(node):
            yield ast.unparse(node)


def asks_for_an_edge(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in EDGES


def compares_words(node: ast.AST) -> bool:
    """`"late" in problem.text`, `str(error) == "..."`; an empty string only asks whether there is one."""
    if not isinstance(node, ast.Compare):
        return False
    sides = [node.left, *node.comparators]
    words = [side.value for side in sides if isinstance(side, ast.Constant) and isinstance(side.value, str)]
    return any(map(is_message, sides)) and any(words)


def searches_words(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SEARCHES):
        return False
    return any(map(is_message, node.args))


def is_message(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "str"
    if isinstance(node, ast.Name):
        return node.id in SAID - {"text"}
    return isinstance(node, ast.Attribute) and node.attr in SAID


def test_what_asks_for_words_is_found():
    for line in (
        "problem.text.startswith(BEHIND)",
        "'late' in problem.text",
        "'refused' in str(error)",
        "reason == 'no rows'",
        "re.search('out of memory', cause)",
        "str(error) != 'gone'",
    ):
        assert list(matches(line)) == [line]
    for line in ("problem.code == Code.LATE", "reason == ''", "text in known", "re.search('x', line)"):
        assert list(matches(line)) == []

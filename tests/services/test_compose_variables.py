"""`.env` and `${NAME}` as Compose's documentation and Compose itself have them."""

import json
import os
import shutil
import subprocess

import pytest

from serveoff.services.compose_variables import interpolate, variables

ENVIRON = {"OVER": "process", "ALONE": "process"}
FILE = r"""
# a comment: not a variable

PLAIN=value
 SPACED = with spaces  
COLON: value
EMPTY=
export EXPORTED=yes
COMMENT=value # comment
HASH=value#no comment
DOUBLE="value # no comment" # comment
SINGLE='${PLAIN} $PLAIN' # comment
QUOTE='Let\'s go'
JSON="{\"hello\": \"json\"}"
TAB="some\tvalue"
NO_TAB=some\tvalue
SINGLE_TAB='some\tvalue'
BRACED=a-${PLAIN}-b
BARE=a-$PLAIN-b
IN_DOUBLE="a-${PLAIN}"
DEFAULT=${MISSING:-other}
DEFAULT_OF_EMPTY=${EMPTY:-other}
EMPTY_STAYS=${EMPTY-other}
DEFAULT_OF_NONE=${MISSING-other}
INSTEAD=${PLAIN:+there}
NOTHING_INSTEAD=${MISSING:+there}
NESTED=${MISSING:-${PLAIN}}
DOLLAR=a$$b
SEVERAL_LINES="one
TWO: two"
TWICE=1
TWICE=2
UNKNOWN=x${MISSING}y
ALONE
OVER=file
OF_THE_PROCESS=${OVER}
"""  # noqa: W291
EXPECTED = {
    "PLAIN": "value",
    "SPACED": "with spaces",
    "COLON": "value",
    "EMPTY": "",
    "EXPORTED": "yes",
    "COMMENT": "value",
    "HASH": "value#no comment",
    "DOUBLE": "value # no comment",
    "SINGLE": "${PLAIN} $PLAIN",
    "QUOTE": "Let's go",
    "JSON": '{"hello": "json"}',
    "TAB": "some\tvalue",
    "NO_TAB": r"some\tvalue",
    "SINGLE_TAB": r"some\tvalue",
    "BRACED": "a-value-b",
    "BARE": "a-value-b",
    "IN_DOUBLE": "a-value",
    "DEFAULT": "other",
    "DEFAULT_OF_EMPTY": "other",
    "EMPTY_STAYS": "",
    "DEFAULT_OF_NONE": "other",
    "INSTEAD": "there",
    "NOTHING_INSTEAD": "",
    "NESTED": "value",
    "DOLLAR": "a$b",
    "SEVERAL_LINES": "one\nTWO: two",
    "TWICE": "2",
    "UNKNOWN": "xy",
    "ALONE": "process",
    "OVER": "process",
    "OF_THE_PROCESS": "process",
}


@pytest.fixture
def file(tmp_path):
    (tmp_path / ".env").write_text(FILE)
    return tmp_path / ".env"


def test_a_file_is_read_as_documented_and_the_process_wins(file):
    assert variables(ENVIRON, file) == EXPECTED


def test_without_a_file_there_is_the_environment(tmp_path):
    assert variables(ENVIRON, tmp_path / ".env") == ENVIRON


def test_compose_reads_it_so(file):
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        pytest.skip("SKIPPED LOUDLY: `docker compose` is not installed, and is not asked how it reads .env")
    lines = "".join(f"      {name}: ${{{name}}}\n" for name in EXPECTED)
    file.with_name("docker-compose.yml").write_text(f"services:\n  one:\n    image: one\n    environment:\n{lines}")
    command = ["docker", "compose", "config", "--format", "json"]
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **ENVIRON}
    result = subprocess.run(command, cwd=file.parent, env=environ, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    read = json.loads(result.stdout)["services"]["one"]["environment"]
    assert {name: value.replace("$$", "$") for name, value in read.items()} == EXPECTED


def test_a_dollar_that_is_to_be_read_again_stays_doubled():
    assert interpolate("$$@ ${A:-$$x}", {}, dollar="$$") == "$$@ $$x"
    assert interpolate("$$@ $1", {}) == "$@ $1"

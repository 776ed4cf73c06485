"""Tests that measure, and those of containers, lie where the Makefile collects them."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
MAKEFILE = (TESTS.parent / "Makefile").read_text()


def marked(mark: str) -> list[Path]:
    return [path for path in sorted(TESTS.rglob("*.py")) if re.search(rf"\bmark\.{mark}\b", path.read_text())]


@pytest.mark.parametrize("mark", ["alone", "docker"])
def test_no_test_with_a_mark_of_its_own_command_is_left_out_of_it(mark):
    (collected,) = re.findall(rf'pytest (\S.*) -m "{mark} and not long"', MAKEFILE)
    folders = [TESTS.parent / folder for folder in collected.split()]
    for folder in folders:
        assert any(path.is_relative_to(folder) for path in marked(mark)), folder
    outside = [path for path in marked(mark) if not any(path.is_relative_to(folder) for folder in folders)]
    assert outside == []

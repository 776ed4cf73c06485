"""What is kept of a problem: a code that programs can ask for, and words for people."""

from typing import get_args

import pytest
from pydantic import ValidationError

from serveoff.record.problems import Code, Problem

CODES = [code for kind in get_args(Code) for code in kind]


def test_no_two_codes_are_the_same_word():
    assert len({code.value for code in CODES}) == len(CODES) > 20


@pytest.mark.parametrize("code", CODES, ids=lambda code: f"{type(code).__name__}.{code.name}")
def test_a_problem_is_read_as_it_was_written(code):
    kept = Problem(code=code, text="what was seen", advice="what to do")
    (again,) = {kept, Problem.model_validate_json(kept.model_dump_json())}
    assert type(again.code) is type(code)


def test_a_code_that_is_none_is_no_problem():
    with pytest.raises(ValidationError):
        Problem.model_validate_json('{"code": "bad luck", "text": "it failed"}')

"""What all tests of pages share: a headless Chromium for each module that opens one."""

import pytest

from tests.chromium import launched


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser

import json

import pytest

from serveoff.record.suite import SUITE_NAME, ResultsError, load_suite
from tests.serveoff.synthetic import Scenario, write_run


def test_a_run_of_another_version_is_refused_with_the_next_step(tmp_path):
    folder = write_run(tmp_path / "run", Scenario(only=("flask-null-rest",)))
    suite = json.loads((folder / SUITE_NAME).read_text())
    (folder / SUITE_NAME).write_text(json.dumps(suite | {"schema_version": 1}))
    with pytest.raises(ResultsError, match=r"is of version 1, and this serveoff reads version 2: measure again"):
        load_suite(folder)

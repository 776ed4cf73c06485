import json

import pytest

from serveoff.record.suite import SUITE_NAME, ResultsError, load_suite
from tests.serveoff.synthetic import Scenario, write_run


@pytest.mark.parametrize("version", [1, 3])
def test_a_run_of_another_version_is_refused_with_the_next_step(tmp_path, version):
    folder = write_run(tmp_path / "run", Scenario(only=("flask-tuned-null-rest",)))
    suite = json.loads((folder / SUITE_NAME).read_text())
    (folder / SUITE_NAME).write_text(json.dumps(suite | {"schema_version": version}))
    with pytest.raises(
        ResultsError, match=rf"is of version {version}, and this serveoff reads version 4: measure again"
    ):
        load_suite(folder)

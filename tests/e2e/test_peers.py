"""Servers that nobody here wrote, each by its own protocol, in one run: `make test-long` sets them up."""

from contextlib import ExitStack

import pytest

from benchmarks.contenders import CONTENDERS, PEER_PYTHON, check, first_row
from serveoff.models.golden import read_golden
from tests.command_line import MEASURED

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not PEER_PYTHON.exists(), reason="no .venv-peers: make test-long makes it"),
]
URLS = {
    "ours": "http://{address}/v1/models/digits_cnn",
    "FastAPI, uvicorn": "http://{address}/predict",
    "LitServe": "http://{address}/predict",
    "MLServer": "http://{address}/v2/models/digits",
}


@pytest.fixture
def peers(model_dir, tmp_path):
    """The address of each, all of them up at once."""
    golden, found = first_row(read_golden(model_dir)), {}
    with ExitStack() as stack:
        for contender in (contender for contender in CONTENDERS if contender.name in URLS):
            folder = tmp_path / contender.name.split(",")[0]
            folder.mkdir()
            server = stack.enter_context(contender.start(folder))
            check(contender, server, golden)
            found[contender.name] = server.url.split("/")[2]
        yield found


def test_each_is_compared_with_ours(cli, peers, tmp_path):
    own = 'request = \'{"instances": ["$image"]}\'\nanswer = "predictions"\n'
    tables = []
    for name, url in URLS.items():
        more = own if url.endswith("/predict") else ""
        tables.append(f'[{name.split(",")[0]}]\nurl = "{url.format(address=peers[name])}"\n{more}')
    path = tmp_path / "endpoints.toml"
    path.write_text("\n".join(tables))
    done = cli.run("run", "--urls", str(path), "--rounds", "6", "-c", "1,4")
    assert done.returncode in MEASURED, done.stderr
    for result in cli.suite.endpoints:
        assert result.gate.equal == 1.0, (result.endpoint, result.gate.problem)
        assert sum(window.errors for window in result.windows) == 0
        assert sum(window.requests for window in result.windows) > 100

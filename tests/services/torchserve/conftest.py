import pytest

from tests.bad_inputs import BODY_LIMIT
from tests.services.torchserve.running import start


@pytest.fixture(scope="session")
def server(model_dir, tmp_path_factory):
    """One TorchServe for all tests that leave it as it was."""
    running = start(model_dir, tmp_path_factory.mktemp("torchserve"), MAX_BODY_BYTES=str(BODY_LIMIT))
    try:
        running.wait_ready()
        yield running
    finally:
        running.stop()

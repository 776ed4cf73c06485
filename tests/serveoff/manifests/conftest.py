"""The whole base, written once."""

import pytest

from tests.serveoff.manifests.written import write


@pytest.fixture(scope="package")
def base(tmp_path_factory):
    """The folder, with a winner for KServe whose files are laid out first."""
    folder = tmp_path_factory.mktemp("manifests")
    write(folder, "--winner", "flask-tuned-onnx")
    return folder

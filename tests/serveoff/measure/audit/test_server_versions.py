"""Which versions an endpoint's row has."""

from types import SimpleNamespace

import pytest

from serveoff.measure.audit.server_versions import server_versions

INSTALLED = {"python": "3.11.9", "tensorflow": "2.21.0", "torch": "2.13.0", "flask": "3.1.2", "gunicorn": "27.0.0"}
TOLD = "TensorFlow ModelServer: 2.19.1-rc0+dev.sha.1a2b3c\nTensorFlow Library: 2.19.1\n"


def running(server, format):
    deployment = SimpleNamespace(server=server, format=format)
    return SimpleNamespace(deployment=deployment, output=lambda *command: TOLD if "--version" in command else "")


@pytest.mark.parametrize(
    ("server", "format", "versions"),
    [
        ("tfserving", "savedmodel", {"tensorflow_model_server": "2.19.1-rc0+dev.sha.1a2b3c", "tensorflow": "2.19.1"}),
        ("tfserving-embedded", "savedmodel", {"tensorflow": "2.21.0"}),
        ("flask", "torchscript", {"flask": "3.1.2", "gunicorn": "27.0.0", "torch": "2.13.0"}),
        ("flask", "null", {"flask": "3.1.2", "gunicorn": "27.0.0"}),
        ("inprocess", "torch_eager", {"torch": "2.13.0"}),
    ],
)
def test_each_server_has_its_own(server, format, versions):
    assert server_versions(running(server, format), INSTALLED) == versions

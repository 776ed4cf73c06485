import pytest

from serveoff.models.frameworks.tensorflow_setup import configure
from tests.models.convert import networks


@pytest.fixture(autouse=True, scope="session")
def threads():
    configure(1, "cpu")


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    """The folder of a node of one of the two small networks, made by the steps that lead there, once."""
    folders = {}

    def made(*way):
        if way not in folders:
            folders[way] = tmp_path_factory.mktemp("-".join(way))
            if len(way) == 1:
                networks.WRITE[way[0]](folders[way])
            else:
                networks.step(*way[-2:], made(*way[:-1]), folders[way], networks.SPECS[way[0]])
        return folders[way]

    return made


@pytest.fixture(scope="session")
def golden(node):
    """What the network answers in the framework that it was written in."""
    return {start: networks.golden(start, node(start)) for start in networks.SPECS}

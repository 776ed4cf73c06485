import pytest

from serveoff.models.frameworks.tensorflow_setup import configure
from tests.models.convert import networks
from tests.uncompiled import find_no_compiler


@pytest.fixture(autouse=True, scope="session")
def threads():
    configure(1, "cpu")


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    """The folder of a node of one of the two small networks, made by the steps that lead there, once."""
    folders = {}

    def made(*way):
        if way not in folders:
            source = made(*way[:-1]) if len(way) > 1 else None
            folders[way] = tmp_path_factory.mktemp("-".join(way))
            with pytest.MonkeyPatch.context() as patch:
                if way != networks.COMPILED:
                    find_no_compiler(patch)
                write(way, source, folders[way])
        return folders[way]

    def write(way, source, folder):
        if source is None:
            networks.WRITE[way[0]](folder)
        else:
            networks.step(*way[-2:], source, folder, networks.SPECS[way[0]])

    return made


@pytest.fixture(scope="session")
def golden(node):
    """What the network answers in the framework that it was written in."""
    return {start: networks.golden(start, node(start)) for start in networks.SPECS}

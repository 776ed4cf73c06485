import pytest


@pytest.fixture
def at(server, generator, pool):
    """Tells the generator of an endpoint of the server."""

    def told(name, **more):
        address = server.rest if name.endswith("rest") else server.grpc
        generator.endpoint(name, address, str(pool), **more)
        return name

    return told

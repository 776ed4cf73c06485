import resource

import pytest

from serveoff.services.descriptors import RESERVED, most_connections


@pytest.mark.parametrize(
    ("soft", "most"), [(4 * RESERVED, 3 * RESERVED), (100, 50), (1, 1), (1 << 20, 1000), (resource.RLIM_INFINITY, 1000)]
)
def test_connections_leave_descriptors_for_the_rest(monkeypatch: pytest.MonkeyPatch, soft: int, most: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (soft, soft))
    assert most_connections(1000) == most

import pytest
from pydantic import ValidationError

from serveoff.loadtests.recording.windows import Window


def test_a_field_of_a_window_that_nobody_knows_is_an_error():
    with pytest.raises(ValidationError, match="concurency"):
        Window(concurrency=4, round=1, start_s=10.0, duration_s=2.0, concurency=4)

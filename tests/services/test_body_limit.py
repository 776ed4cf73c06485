import pytest

from serveoff.models.importing.source import parsed
from serveoff.models.spec import ModelSpec
from serveoff.services import body_limit


@pytest.mark.parametrize(
    ("taken", "given", "limit"),
    [
        ("x:float32[-1,224,224,3]", "y:float32[-1,1000]", body_limit.LEAST_BYTES),
        ("x:float32[-1,1024,1024,3]", "y:float32[-1,2]", 32 * 1024 * 1024 * 3),
        ("x:float32[-1,2]", "y:float32[-1,3,1024,1024]", 32 * 1024 * 1024 * 3),
        ("x:float32[-1,8192,8192,3]", "y:float32[-1,2]", body_limit.MOST_BYTES),
    ],
)
def test_a_body_holds_any_row_and_its_answer_up_to_a_maximum(taken, given, limit):
    spec = ModelSpec(name="large", description="", inputs=(parsed(taken),), outputs=(parsed(given),))
    assert body_limit.of_spec(spec) == limit


def test_a_folder_without_a_model_has_the_least(tmp_path):
    assert body_limit.of_model(tmp_path) == body_limit.LEAST_BYTES

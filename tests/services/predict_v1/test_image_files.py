"""Images as files behind the whole application: in base64, as a body, broken, of another size."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable

import numpy as np
import pytest
from flask import Flask

from serveoff.models.images.codec import settled, to_jpeg, to_png
from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.models.tensors import Batch
from serveoff.services.predict_v1 import image_files

HEIGHT, WIDTH = 16, 24
SPEC = ModelSpec(
    name="brightness",
    description="The mean of each colour",
    inputs=(TensorSpec(name="image", shape=(-1, HEIGHT, WIDTH, 3), dtype="float32", image=True),),
    outputs=(TensorSpec(name="means", shape=(-1, 3), dtype="float32"),),
)
PREDICT = "/v1/models/brightness:predict"
NOISE = np.random.default_rng(1).integers(0, 256, (2, HEIGHT, WIDTH, 3), np.uint8)
IMAGES = np.stack([settled(image) for image in NOISE])


def means(batch: Batch) -> Batch:
    return {"means": batch["image"].mean(axis=(1, 2))}


EXPECTED = means({"image": IMAGES.astype(np.float32)})["means"]


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(means, SPEC)


def document(*files: bytes) -> dict[str, object]:
    return {"signature_name": "serving_image", "instances": [{"b64": b64encode(file).decode()} for file in files]}


@pytest.mark.parametrize("write", [to_png, to_jpeg])
def test_files_in_base64_are_answered_as_their_pixels_are(app: Flask, write: Callable[..., bytes]) -> None:
    client = app.test_client()
    as_numbers = client.post(PREDICT, json={"instances": IMAGES.tolist()})
    as_files = client.post(PREDICT, json=document(*map(write, IMAGES)))
    assert as_files.json == as_numbers.json
    np.testing.assert_array_equal(np.float32(as_files.json["predictions"]), EXPECTED)


@pytest.mark.parametrize(("write", "kind"), [(to_png, "image/png"), (to_jpeg, "image/jpeg")])
def test_a_body_may_be_the_file_of_one_row(app: Flask, write: Callable[..., bytes], kind: str) -> None:
    answer = app.test_client().post(PREDICT, data=write(IMAGES[1]), content_type=kind)
    np.testing.assert_array_equal(np.float32(answer.json["predictions"]), EXPECTED[1:])


def test_decoding_is_a_part_of_parsing_that_is_told_apart(app: Flask) -> None:
    client = app.test_client()
    of_file = client.post(PREDICT, data=to_png(IMAGES[0]), content_type="image/png").headers["Server-Timing"]
    parts = {name: float(value) for name, value in re.findall(r"(\w+);dur=([\d.]+)", of_file)}
    assert 0 < parts["decode"] <= parts["parse"]
    assert "decode" not in client.post(PREDICT, json={"instances": IMAGES.tolist()}).headers["Server-Timing"]


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (b"", "not a JPEG or PNG image"),
        (to_png(IMAGES[0])[:50], "not a JPEG or PNG image"),
        (to_png(IMAGES[0][:, :8]), "the image has 8x16 pixels; the model takes 24x16"),
    ],
)
def test_a_bad_file_is_refused_by_its_place_and_the_service_goes_on(app: Flask, file: bytes, says: str) -> None:
    client, good = app.test_client(), to_png(IMAGES[0])
    in_json = client.post(PREDICT, json=document(good, file))
    as_body = client.post(PREDICT, data=file, content_type="image/png")
    assert (in_json.status_code, as_body.status_code) == (400, 400)
    assert in_json.json["error"].startswith("instances[1]: ")
    assert as_body.json["error"].startswith("the body: ")
    assert says in in_json.json["error"]
    assert says in as_body.json["error"]
    assert client.post(PREDICT, json=document(good)).status_code == 200


def test_a_model_that_takes_no_images_refuses_them(null_app: Flask) -> None:
    client, predict = null_app.test_client(), "/v1/models/digits_cnn:predict"
    as_body = client.post(predict, data=to_png(IMAGES[0]), content_type="image/png")
    assert as_body.status_code == 415
    assert as_body.json["error"] == "Content-Type is image/png: use application/json or application/octet-stream"
    assert "no signature 'serving_image'" in client.post(predict, json=document(to_png(IMAGES[0]))).json["error"]


def test_the_metadata_name_the_signature(app: Flask) -> None:
    found = app.test_client().get("/v1/models/brightness/metadata").json["metadata"]["signature_def"]["signature_def"]
    assert found["serving_image"]["inputs"]["image_encoded"]["dtype"] == "DT_STRING"


def test_more_pictures_than_memory_is_kept_for_are_refused_before_any_is_decoded(app: Flask, monkeypatch) -> None:
    monkeypatch.setattr(image_files, "MOST_BYTES", 2 * IMAGES[0].size * 4)
    monkeypatch.setattr(image_files, "decode", None)
    answer = app.test_client().post(PREDICT, json=document(*[to_png(IMAGES[0])] * 3))
    assert (answer.status_code, answer.json) == (400, {"error": "3 images are too many: send at most 2 in one request"})

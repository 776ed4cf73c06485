"""Image payloads hold exactly the pixels of the rows, in files that any reader of images opens."""

from base64 import b64decode
from io import BytesIO

import numpy as np
import orjson
import pytest
from PIL import Image

from serveoff.loadtests.payloads import grpc_torchserve
from serveoff.loadtests.payloads.image_files import PAYLOADS
from serveoff.models.catalog import load_spec
from serveoff.models.images.codec import settled

SPEC = load_spec("efficientnet_lite0")
NOISE = np.random.default_rng(2).integers(0, 256, (8, 8, 3), np.uint8).repeat(28, 0).repeat(28, 1)
IMAGES = np.stack([settled(NOISE), settled(NOISE[::-1])])
ROWS = {"image": IMAGES.astype(np.float32)}


def opened(file):
    with Image.open(BytesIO(file)) as image:
        return image.format, np.asarray(image)


@pytest.mark.parametrize(("payload", "format"), [(PAYLOADS["json_jpeg"], "JPEG"), (PAYLOADS["json_png"], "PNG")])
def test_a_document_names_the_signature_and_holds_a_file_a_row(payload, format):
    document = orjson.loads(payload.encode(SPEC, ROWS))
    assert document["signature_name"] == "serving_image"
    files = [opened(b64decode(row["b64"])) for row in document["instances"]]
    assert [found for found, _ in files] == [format, format]
    np.testing.assert_array_equal([pixels for _, pixels in files], IMAGES)


@pytest.mark.parametrize(
    ("payload", "format", "kind"),
    [(PAYLOADS["image_jpeg"], "JPEG", "image/jpeg"), (PAYLOADS["image_png"], "PNG", "image/png")],
)
def test_a_body_is_the_file_of_one_row(payload, format, kind):
    row = {"image": ROWS["image"][:1]}
    found, pixels = opened(payload.encode(SPEC, row))
    assert (found, payload.headers(SPEC, row)) == (format, {"Content-Type": kind})
    np.testing.assert_array_equal(pixels, IMAGES[0])
    with pytest.raises(ValueError, match="holds one row, not 2"):
        payload.encode(SPEC, ROWS)


@pytest.mark.parametrize(
    ("payload", "format"), [(PAYLOADS["grpc_tfserving_jpeg"], "JPEG"), (PAYLOADS["grpc_tfserving_png"], "PNG")]
)
def test_tensorflow_serving_is_sent_a_string_a_row(payload, format):
    predict_pb2 = pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    request = predict_pb2.PredictRequest.FromString(payload.encode(SPEC, ROWS))
    assert (request.model_spec.name, request.model_spec.signature_name) == (SPEC.name, "serving_image")
    (tensor,) = (request.inputs[name] for name in request.inputs)
    assert (list(request.inputs), [d.size for d in tensor.tensor_shape.dim]) == (["image_encoded"], [2])
    files = [opened(file) for file in tensor.string_val]
    assert [found for found, _ in files] == [format, format]
    np.testing.assert_array_equal([pixels for _, pixels in files], IMAGES)


@pytest.mark.parametrize(
    ("payload", "format", "kind"),
    [(PAYLOADS["grpc_torchserve_jpeg"], "JPEG", b"image/jpeg"), (PAYLOADS["grpc_torchserve_png"], "PNG", b"image/png")],
)
def test_torchserve_is_sent_a_file_and_what_it_is(payload, format, kind):
    row = {"image": ROWS["image"][:1]}
    fields = grpc_torchserve._MESSAGES["PredictionsRequest"].FromString(payload.encode(SPEC, row)).input
    assert set(fields) == {"data", "type"}
    assert fields["type"] == kind
    found, pixels = opened(fields["data"])
    assert found == format
    np.testing.assert_array_equal(pixels, IMAGES[0])
    with pytest.raises(ValueError, match="holds one row, not 2"):
        payload.encode(SPEC, ROWS)


@pytest.mark.parametrize(
    "payload",
    [
        PAYLOADS["json_jpeg"],
        PAYLOADS["json_png"],
        PAYLOADS["image_jpeg"],
        PAYLOADS["image_png"],
        PAYLOADS["grpc_tfserving_jpeg"],
        PAYLOADS["grpc_tfserving_png"],
        PAYLOADS["grpc_torchserve_jpeg"],
    ],
)
def test_what_is_no_image_is_not_sent(payload):
    with pytest.raises(ValueError, match="whole numbers from 0 to 255"):
        payload.encode(SPEC, {"image": ROWS["image"] + 0.5})
    digits = load_spec("digits_cnn")
    assert payload.takes(SPEC)
    assert not payload.takes(digits)
    with pytest.raises(ValueError, match="takes no images"):
        payload.encode(digits, {"image": np.zeros((1, 28, 28, 1), np.float32)})

"""TorchServe's `POST /predictions/NAME`: JSON as the tfserving dialect sends it; the answer is the handler's choice.

Source: https://docs.pytorch.org/serve/inference_api.html
"""

from typing import Any

from serveoff.loadtests.attached import paths
from serveoff.loadtests.attached.dialects import tfserving
from serveoff.loadtests.attached.reading import at, document, reading
from serveoff.models.tensors import Batch

protocol = "rest"
kind = "json"
method = ""
path = paths.as_it_is
model = paths.model_in
encode = tfserving.encode


def read(answer: bytes, path: str = "") -> Batch:
    """The `predictions`, where the handler writes such; else all of the answer, which may be a mere text."""
    found = said(answer)
    if path:
        return reading(at(path, found))
    return reading(found["predictions"] if isinstance(found, dict) and "predictions" in found else found)


def said(answer: bytes) -> Any:
    """JSON, or a text that is none; ValueError where it is neither."""
    try:
        return document(answer)
    except ValueError:
        if not answer:
            raise
        return answer.decode()

"""LitServe: a LitAPI with its four methods, one worker process, one API server.

https://lightning.ai/docs/litserve
"""

import os
from typing import Any

import litserve
import torch


class Digits(litserve.LitAPI):  # type: ignore[misc]
    """The model, as LitServe wants it."""

    def setup(self, device: str) -> None:
        """Load the model in the worker."""
        torch.set_num_threads(1)
        self.model = torch.jit.load(os.environ["PEER_MODEL"]).eval()

    # LitServe makes a FastAPI route of this signature: without a type, `request` is the body's document.
    def decode_request(self, request):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """The rows in `instances`."""
        return torch.tensor(request["instances"])

    def predict(self, x: torch.Tensor) -> torch.Tensor:
        """One call of the model."""
        with torch.inference_mode():
            return self.model(x)

    def encode_response(self, output: torch.Tensor) -> dict[str, Any]:
        """The answer's body."""
        return {"predictions": output.tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Digits(), accelerator="cpu", devices=1, workers_per_device=1)
    server.run(
        host="127.0.0.1",
        port=int(os.environ["PEER_PORT"]),
        num_api_servers=1,
        generate_client_file=False,
        log_level="warning",
    )

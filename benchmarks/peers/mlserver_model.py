"""MLServer: a custom runtime that takes and gives NumPy arrays by the V2 inference protocol.

https://docs.seldon.ai/mlserver/runtimes/custom; benchmarks.contenders writes its settings.
"""

import os

import numpy as np
import torch
from mlserver import MLModel
from mlserver.codecs import decode_args


class Digits(MLModel):  # type: ignore[misc]
    """The model, as MLServer wants it."""

    async def load(self) -> bool:
        """Load the model once."""
        torch.set_num_threads(1)
        self._model = torch.jit.load(os.environ["PEER_MODEL"]).eval()
        return True

    @decode_args  # type: ignore[untyped-decorator]
    async def predict(self, image: np.ndarray) -> np.ndarray:
        """One call of the model; `image` is the input's name in the request."""
        with torch.inference_mode():
            return self._model(torch.from_numpy(image)).numpy()

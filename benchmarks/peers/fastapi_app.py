"""FastAPI under uvicorn: a pydantic body, a plain `def` as for a library that blocks, one uvicorn process.

https://fastapi.tiangolo.com/tutorial/body/, https://fastapi.tiangolo.com/async/
"""

import os

import torch
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel


class Rows(BaseModel):
    """The request's body."""

    instances: list[list[list[list[float]]]]


class Predictions(BaseModel):
    """The answer's body."""

    predictions: list[list[float]]


torch.set_num_threads(1)
model = torch.jit.load(os.environ["PEER_MODEL"]).eval()
app = FastAPI()


@app.post("/predict")
def predict(rows: Rows) -> Predictions:
    """Predictions for the rows in `instances`."""
    with torch.inference_mode():
        return Predictions(predictions=model(torch.tensor(rows.instances)).tolist())


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PEER_PORT"]), access_log=False)

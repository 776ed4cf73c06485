"""The Flask service that most tutorials show: the baseline that `bench_service` compares ours with.

`request.get_json`, `torch.tensor(list)`, one gunicorn sync worker. Framework threads are one, as in ours.
"""

import os

import torch
from flask import Flask, Response, jsonify, request

app = Flask(__name__)
torch.set_num_threads(1)
model = torch.jit.load(os.environ["NAIVE_MODEL"])
model.eval()


@app.post("/v1/models/<model_name>:predict")
def predict(model_name: str) -> Response:
    """Predictions for the rows in `instances`."""
    instances = torch.tensor(request.get_json()["instances"])
    with torch.no_grad():
        predictions = model(instances)
    return jsonify({"predictions": predictions.tolist()})

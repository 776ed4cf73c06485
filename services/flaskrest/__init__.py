"""Serve an artifact by Flask and gunicorn over TF Serving's REST API, version 1.

Settings come from the environment; all of them, with their defaults:

    SERVING_MODEL_DIR           the model's folder: manifest.json and a folder per format (required)
    SERVING_FORMAT              savedmodel, frozen_graph, torchscript, keras_eager, torch_eager or null (required)
    SERVING_MODEL               digits_cnn: the name in the URL, and the model (models/zoo, or an imported one)
    SERVING_HOST                127.0.0.1
    SERVING_REST_PORT           8501
    SERVING_DEVICE              auto: a GPU if there is one, else cpu; cpu; cuda: a GPU or exit code 3
    SERVING_INTRA_OP_THREADS    1: threads inside one operation of the framework
    SERVING_WORKERS             1: processes, each with a model of its own
    SERVING_THREADS_PER_WORKER  1: requests that a worker computes at once
    SERVING_BATCH_SIZE          1: rows that one call of the model takes; over 1, requests that wait are put together
    SERVING_BATCH_DELAY_MS      0: how long the first request of a batch waits for others
    SERVING_MAX_BODY_BYTES      8388608: a longer body is refused with 413
    SERVING_WARMUP              1; 0: the model's first calls are left to the first requests
    SERVING_OUT_OF_THE_BOX      0; 1: what the framework chooses by itself, such as its threads, is left to it
    SERVING_WORK_DIR            /tmp: where a private folder is made, and removed at the end

A body is JSON, or the input's numbers in little-endian order (`Content-Type: application/octet-stream`) with their
shape in a header (`X-Tensor-Shape: 1,28,28,1`). Several inputs are named: in JSON each row is an object, in a raw body
their bytes follow one another in the order of the model's spec (`X-Tensor-Shape: tokens=1,16;mask=1,16`). Who accepts
`application/octet-stream` is answered likewise.
"""

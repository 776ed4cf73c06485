"""The embedded model server: TensorFlow Serving's gRPC and REST API, served by TensorFlow in a Python process.

A stand-in for machines without `tensorflow_model_server`. Its figures are its own (server id
`tfserving-embedded`). It follows TensorFlow Serving 2.x in flags, version directories, reloading, request and
answer formats, error texts and status codes, and runs a model as TensorFlow Serving does: by a Session over the
SavedModel's graph, one fetch per output of the signature.

docs/servers.md lists what it refuses on purpose where TensorFlow Serving does not. Not implemented: TensorFlow Lite
models, SSL, ALTS, SessionService, the profiler, request logging, warm-up requests, memory limits. Their flags are taken
and a warning names them.
"""

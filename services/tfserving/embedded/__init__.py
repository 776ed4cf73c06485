"""The embedded model server: TensorFlow Serving's gRPC and REST API, served by TensorFlow in a Python process.

A stand-in for machines without `tensorflow_model_server`. Its figures are its own (server id
`tfserving-embedded`). It follows TensorFlow Serving 2.x in flags, version directories, reloading, request and
answer formats, error texts and status codes, and runs a model as TensorFlow Serving does: by a Session over the
SavedModel's graph, one fetch per output of the signature.

Where it differs, on purpose:
- it listens on 127.0.0.1 unless `--host` says otherwise, and has a body limit (`--rest_api_max_body_bytes`, 413);
- an integer of more than 64 bits is refused with 400, and so are lists nested deeper than 63, a float that would be
  infinite, and a request with both Content-Length and Transfer-Encoding;
- NaN and Infinity literals in JSON are refused (TensorFlow Serving's parser takes them, RFC 8259 does not);
- a tensor whose shape contradicts the signature is refused before the graph sees it: a graph may pool the
  difference away, or end the process (oneDNN's convolution aborts on a tensor of the wrong rank);
- a body that says it is something other than JSON is answered with 415;
- unknown paths are answered in JSON;
- not implemented: TensorFlow Lite models, SSL, ALTS, SessionService, the profiler, request logging, warm-up
  requests, memory limits. Their flags are taken and a warning names them.
"""

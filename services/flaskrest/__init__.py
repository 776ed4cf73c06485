"""Serve an artifact by Flask and gunicorn over TF Serving's REST API, version 1: the tuned Flask.

Settings come from the environment, as docs/settings.md lists them. A body is JSON, or the input's numbers in
little-endian order (`Content-Type: application/octet-stream`) with their shape in a header (`X-Tensor-Shape:
1,28,28,1`). Several inputs are named: in JSON each row is an object, in a raw body their bytes follow one another in
the order of the model's spec (`X-Tensor-Shape: tokens=1,16;mask=1,16`). Who accepts `application/octet-stream` is
answered likewise.
"""

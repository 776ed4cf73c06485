"""Serve an artifact by Flask as people deploy it: `request.get_json`, `jsonify` and gunicorn's gthread workers.

It takes the settings of serveoff.services.flaskrest, but for SERVING_BATCH_SIZE: one request is one call of the model.
Without our launcher the same server is `gunicorn --worker-class gthread --workers 1 --threads 1 --keep-alive 75`.
"""

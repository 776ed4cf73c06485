"""TensorFlow Serving's REST API in JSON: bodies read and answers written."""

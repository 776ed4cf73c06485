"""Ways to build a Keras model: each module offers `build(folder, spec) -> models.keras_calling.Network`."""

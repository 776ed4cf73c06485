"""Ways to build a Keras model: each module offers `build(folder, spec) -> keras_calling.Network`."""

"""What Keras, TensorFlow and PyTorch each need to be set up, called and filled with weights."""

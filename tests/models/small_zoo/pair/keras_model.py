import keras
from keras import layers, ops

from serveoff.models.zoo.pair import CLASSES, SIZE, SPEC, WORDS


class Pair(keras.Model):
    def __init__(self):
        super().__init__()
        self.word_embedding = layers.Embedding(WORDS, SIZE, name="word_embedding")
        self.hidden = layers.Dense(SIZE, activation="relu", name="hidden")
        self.norm = layers.BatchNormalization(epsilon=1e-3, name="norm")
        self.last = layers.Dense(CLASSES, activation="softmax", name="last")

    def call(self, inputs, training=False):
        x = self.hidden(inputs["values"] + self.word_embedding(inputs["word"]))
        classes = self.last(self.norm(x, training=training))
        return {"best": ops.cast(ops.argmax(classes, axis=1), "int64"), "classes": classes}


def build():
    model = Pair()
    model({tensor.name: keras.Input(tensor.row_shape, dtype=tensor.dtype) for tensor in SPEC.inputs})
    return model

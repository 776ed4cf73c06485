"""The network as TensorFlow 2 writes it: a subclass of keras.Model."""

from typing import Any

import keras
from keras import layers, ops

from serveoff.models.zoo import text_transformer as net


class Block(layers.Layer):  # type: ignore[misc]
    """Maps words (n, 64, 64) to words that know of each other where `real` (n, 64) is True: padding is not read.

    Its layers are named as weights name them: `block1.query`.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.attention_norm = layers.LayerNormalization(epsilon=net.EPSILON, name=f"{name}.attention_norm")
        self.query = layers.Dense(net.WIDTH, name=f"{name}.query")
        self.key = layers.Dense(net.WIDTH, name=f"{name}.key")
        self.value = layers.Dense(net.WIDTH, name=f"{name}.value")
        self.mix = layers.Dense(net.WIDTH, name=f"{name}.mix")
        self.dense_norm = layers.LayerNormalization(epsilon=net.EPSILON, name=f"{name}.dense_norm")
        self.widen = layers.Dense(net.WIDER, activation="relu", name=f"{name}.widen")
        self.narrow = layers.Dense(net.WIDTH, name=f"{name}.narrow")

    def call(self, x: Any, real: Any) -> Any:
        """Attention, then a dense network for each word; each adds to what came in."""
        x = x + self.attend(self.attention_norm(x), real)
        return x + self.narrow(self.widen(self.dense_norm(x)))

    def attend(self, x: Any, real: Any) -> Any:
        """Each word's mixture (n, 64, 64) of all real words, by how well its query fits their keys."""
        query, key, value = heads(self.query(x)), heads(self.key(x)), heads(self.value(x))
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) * net.DEPTH**-0.5
        shares = ops.softmax(ops.where(real[:, None, None, :], scores, net.MASKED), axis=-1)
        mixed = ops.transpose(ops.matmul(shares, value), (0, 2, 1, 3))
        return self.mix(ops.reshape(mixed, (-1, net.LENGTH, net.WIDTH)))


def heads(x: Any) -> Any:
    """(n, words, 64) as (n, heads, words, 16)."""
    return ops.transpose(ops.reshape(x, (-1, net.LENGTH, net.HEADS, net.DEPTH)), (0, 2, 1, 3))


class TextTransformer(keras.Model):  # type: ignore[misc]
    """Maps token ids (n, 64) int64 to probabilities (n, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.word_embedding = layers.Embedding(net.VOCABULARY, net.WIDTH, name="word_embedding")
        self.place_embedding = layers.Embedding(net.LENGTH, net.WIDTH, name="place_embedding")
        self.block1 = Block(name="block1")
        self.block2 = Block(name="block2")
        self.norm = layers.LayerNormalization(epsilon=net.EPSILON, name="norm")
        self.classify = layers.Dense(net.CLASSES, activation="softmax", name="classify")

    def call(self, tokens: Any) -> Any:
        """Probabilities (n, 4)."""
        real = ops.not_equal(tokens, net.PADDING)
        x = self.word_embedding(tokens) + self.place_embedding(ops.arange(net.LENGTH))
        x = self.norm(self.block2(self.block1(x, real), real))
        counted = ops.cast(real[:, :, None], x.dtype)
        mean = ops.sum(x * counted, axis=1) / ops.maximum(ops.sum(counted, axis=1), 1.0)
        return self.classify(mean)


def build() -> TextTransformer:
    """The network with fresh weights; a Keras layer has none before it saw its input's shape."""
    model = TextTransformer()
    model(keras.Input(net.SPEC.inputs[0].row_shape, dtype=net.SPEC.inputs[0].dtype))
    return model

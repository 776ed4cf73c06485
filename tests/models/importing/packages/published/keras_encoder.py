"""A small encoder of text from Keras' own layers."""

import keras
from keras import layers, ops

TOKENS, LENGTH, WIDTH = 1000, 32, 64


def text_encoder():
    tokens = keras.Input((LENGTH,), dtype="int64", name="tokens")
    x = layers.Embedding(TOKENS, WIDTH, name="embed")(tokens)
    x = x + layers.Embedding(LENGTH, WIDTH, name="positions")(ops.arange(LENGTH))
    for block in range(2):
        attended = layers.MultiHeadAttention(4, WIDTH // 4, name=f"attention_{block}")(x, x)
        x = layers.LayerNormalization(epsilon=1e-5, name=f"norm_a_{block}")(x + attended)
        wide = layers.Dense(128, activation="gelu", name=f"wide_{block}")(x)
        x = layers.LayerNormalization(epsilon=1e-5, name=f"norm_b_{block}")(
            x + layers.Dense(WIDTH, name=f"narrow_{block}")(wide)
        )
    pooled = layers.GlobalAveragePooling1D(name="pool")(x)
    return keras.Model(tokens, layers.Dense(5, activation="softmax", name="classes")(pooled))

import tensorflow as tf

from serveoff.models.zoo.pair import CLASSES, SIZE, WORDS

tf1 = tf.compat.v1
LAYER_TENSORS = {"hidden": "Relu:0"}


def variable(name, *shape):
    return tf1.get_variable(name, shape, use_resource=False)


def build():
    values = tf1.placeholder(tf.float32, [None, SIZE], "values")
    word = tf1.placeholder(tf.int64, [None], "word")
    x = values + tf.gather(variable("word_embedding/embeddings", WORDS, SIZE), word)
    x = tf.nn.relu(tf.matmul(x, variable("hidden/kernel", SIZE, SIZE)) + variable("hidden/bias", SIZE))
    mean, variance = variable("norm/moving_mean", SIZE), variable("norm/moving_variance", SIZE)
    x = tf.nn.batch_normalization(x, mean, variance, variable("norm/beta", SIZE), variable("norm/gamma", SIZE), 1e-3)
    scores = tf.matmul(x, variable("last/kernel", SIZE, CLASSES)) + variable("last/bias", CLASSES)
    classes = tf.nn.softmax(scores, name="classes")
    return {"values": values, "word": word}, {"classes": classes, "best": tf.argmax(classes, axis=1, name="best")}

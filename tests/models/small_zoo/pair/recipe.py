import numpy as np

from serveoff.models.train import Course, Examples, classifier
from serveoff.models.zoo.pair import CLASSES, SIZE, SPEC, WORDS

EPOCHS = 2


def loss(module, inputs, targets):
    classes, _ = module(*inputs)
    return -classes.gather(1, targets[:, None]).log().mean()


def learn(on_epoch):
    random = np.random.default_rng(1)
    inputs = {
        "values": random.normal(size=(96, SIZE)).astype(np.float32),
        "word": random.integers(WORDS, size=96),
    }
    learned = Examples(inputs, inputs["word"] % CLASSES)
    return classifier(SPEC, learned, learned, Course(EPOCHS, batch=8, loss=loss), on_epoch, least_accuracy=0.2)

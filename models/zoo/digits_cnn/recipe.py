"""How the network learns: cross entropy on the training split, whose images are moved by some pixels."""

import torch
from torch.nn import functional as F

from serveoff.models.train import Course, OnEpoch, Tensors, Trained, classifier
from serveoff.models.zoo.digits_cnn import SPEC
from serveoff.models.zoo.digits_cnn.data import load

EPOCHS = 12
SHIFT = 2
"""Augmentation: images are moved by up to this many pixels each way."""
LEAST_ACCURACY = 0.97


def learn(on_epoch: OnEpoch) -> Trained:
    """Train it; TrainingError where it stays below LEAST_ACCURACY."""
    return classifier(SPEC, *load(), COURSE, on_epoch, least_accuracy=LEAST_ACCURACY)


def shifted(inputs: Tensors) -> Tensors:
    """The images of a batch (n, h, w, c), moved together by a random number of pixels; black comes in."""
    (images,) = inputs
    height, width = images.shape[1:3]
    padded = F.pad(images, (0, 0, SHIFT, SHIFT, SHIFT, SHIFT))
    top, left = torch.randint(2 * SHIFT + 1, (2,)).tolist()
    return (padded[:, top : top + height, left : left + width],)


COURSE = Course(EPOCHS, augment=shifted)

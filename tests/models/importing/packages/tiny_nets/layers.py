from torch import nn


def hidden():
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU())

import torch
from torch import nn

from tiny_nets.layers import hidden


class Perceptron(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.last = hidden(), nn.Linear(8, 3)

    def forward(self, features):
        return torch.softmax(self.last(self.hidden(features)), dim=1)


class Tagger(nn.Module):
    """Several inputs and outputs, of integers and floats."""

    def __init__(self):
        super().__init__()
        self.embedding, self.last = nn.Embedding(50, 8), nn.Linear(9, 3)

    def forward(self, tokens, weight):
        mean = self.embedding(tokens).mean(dim=1)
        scores = self.last(torch.cat([mean, weight], dim=1))
        return {"scores": scores, "best": scores.argmax(dim=1)}


class AcrossTheBatch(nn.Module):
    def forward(self, features):
        return features - features.mean(dim=0, keepdim=True)


class Spectrum(nn.Module):
    """A deliberately unconvertible one: converters to TensorFlow have no rule for an FFT."""

    def forward(self, signal):
        return torch.fft.fft(signal).abs()


def perceptron():
    torch.manual_seed(7)
    return Perceptron()


def tagger():
    torch.manual_seed(7)
    return Tagger()


def across_the_batch():
    return AcrossTheBatch()


def spectrum():
    return Spectrum()


def not_a_module():
    return 3

"""Trains one of the networks of `automcu bench train` in PyTorch for some seconds, and prints images a second."""

import os
import sys
import time

import torch
from torch import nn


def block(inputs, outputs, kernel, stride, groups=1, active=True):
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if active else nn.Sequential(*layers)


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = block(inputs, outputs, 3, stride)
        self.second = block(outputs, outputs, 3, 1, active=False)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else block(inputs, outputs, 1, stride, active=False)

    def forward(self, x):
        return torch.relu_(self.second(self.first(x)) + self.shortcut(x))


class Classifier(nn.Module):
    def __init__(self, layers, channels):
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.dense = nn.Linear(channels, 10)

    def forward(self, x):
        return self.dense(self.layers(x).mean((2, 3)))


def separable():
    layers, inputs = [block(3, 16, 3, 1)], 16
    for outputs, stride in [(32, 1), (32, 1), (64, 2), (64, 1), (64, 2), (64, 1)]:
        layers += [block(inputs, inputs, 3, stride, groups=inputs), block(inputs, outputs, 1, 1)]
        inputs = outputs
    return Classifier(layers, inputs)


def resnet8():
    layers = [block(3, 16, 3, 1), Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2)]
    return Classifier(layers, 64)


def keep_memory():
    """Starts anew so that the C library keeps what is freed: PyTorch is faster so, by a quarter on some networks."""
    settings = {
        "MALLOC_MMAP_THRESHOLD_": "4294967295",
        "MALLOC_TRIM_THRESHOLD_": "17179869184",
        "MALLOC_TOP_PAD_": "268435456",
    }
    if settings.items() - os.environ.items():
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **settings})


def main():
    keep_memory()
    name, threads, batch, seconds, mode = sys.argv[1:6]
    torch.set_num_threads(int(threads))
    batch, seconds = int(batch), float(seconds)
    network = {"separable": separable, "resnet8": resnet8}[name]().to(memory_format=torch.channels_last)
    inputs = (torch.rand(batch, 3, 32, 32) * 2 - 1).to(memory_format=torch.channels_last)
    targets = torch.arange(batch) % 10
    optimiser = torch.optim.SGD(network.parameters(), 0.01, 0.9, nesterov=True, weight_decay=5e-4, foreach=True)
    run = torch.compile(network) if mode == "compile" else network
    times, begun = [], None
    while begun is None or time.perf_counter() - begun < seconds:
        start = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(run(inputs), targets)
        loss.backward()
        optimiser.step()
        times.append(time.perf_counter() - start)
        # The first steps allocate and choose algorithms.
        if len(times) == 3 and begun is None:
            times, begun = [], time.perf_counter()
    times.sort()
    print(torch.__version__, batch / times[len(times) // 2])


main()

"""The networks of cases/nets.py as torch modules, carrying given weights."""

from itertools import cycle
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..cases.nets import Conv, Dense, Flatten, Net, Pool
from . import Way

Array = NDArray[Any]
ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}


class FlattenChannelsLast(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


def build(net: Net, weights: list[Array], channels_last: bool) -> nn.Sequential:
    modules: list[nn.Module] = []
    shape = net.input_shape
    parameters = iter(torch.from_numpy(w) for w in weights)
    rows_of_dense: Any = slice(None)  # NCHW flattens channels first: the next dense layer's rows in that order
    for layer in net.layers:
        match layer:
            case Conv(filters, k, _):
                conv = nn.Conv2d(shape[2], filters, k)
                conv.weight.data = next(parameters).permute(3, 2, 0, 1).contiguous()
                conv.bias.data = next(parameters).clone()
                modules.append(conv)
                shape = (shape[0] - k + 1, shape[1] - k + 1, filters)
            case Pool(size):
                modules.append(nn.MaxPool2d(size))
                shape = (shape[0] // size, shape[1] // size, shape[2])
            case Flatten() if channels_last:
                modules.append(FlattenChannelsLast())
            case Flatten():
                modules.append(nn.Flatten())
                rows_of_dense = np.arange(np.prod(shape)).reshape(shape).transpose(2, 0, 1).ravel()
            case Dense(units, _):
                w = next(parameters)[rows_of_dense]
                dense = nn.Linear(w.shape[0], units)
                dense.weight.data = w.T.contiguous()
                dense.bias.data = next(parameters).clone()
                modules.append(dense)
                rows_of_dense = slice(None)
        activation = getattr(layer, "activation", "linear")
        if activation != "linear":
            modules.append(ACTIVATIONS[activation]())
    model = nn.Sequential(*modules)
    return model.to(memory_format=torch.channels_last) if channels_last else model


def _input(x: Array, channels_last: bool) -> torch.Tensor:
    tensor = torch.from_numpy(x)
    if tensor.ndim == 4:
        tensor = tensor.permute(0, 3, 1, 2)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return tensor.contiguous(memory_format=layout)


def _layouts(net: Net) -> list[bool]:
    return [False, True] if len(net.input_shape) == 3 else [False]


def train_ways(net: Net, weights: list[Array], x: list[Array], labels: list[Array]) -> list[Way]:
    def way(channels_last: bool, optimizer_kind: str) -> Way:
        model = build(net, weights, channels_last)
        options: dict[str, Any] = {optimizer_kind: True}
        optimizer = torch.optim.Adam(model.parameters(), 1e-3, eps=1e-7, **options)
        loss_of = nn.CrossEntropyLoss()
        inputs = [_input(batch, channels_last) for batch in x]
        batches = cycle(zip(inputs, map(torch.from_numpy, labels), strict=True))

        def step() -> float:
            images, classes = next(batches)
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model(images), classes)
            loss.backward()
            optimizer.step()
            return loss.item()

        name = f"{'channels_last' if channels_last else 'nchw'}, {optimizer_kind} Adam"
        return Way(step, lambda loss: [np.asarray(loss)], name)

    return [way(channels_last, kind) for channels_last in _layouts(net) for kind in ("fused", "foreach")]


def inference_ways(net: Net, weights: list[Array], x: Array) -> list[Way]:
    def way(channels_last: bool) -> Way:
        model = build(net, weights, channels_last).eval()
        images = _input(x, channels_last)

        @torch.inference_mode()
        def call() -> torch.Tensor:
            return model(images)

        return Way(call, lambda y: [y.numpy()], "channels_last" if channels_last else "nchw")

    return [way(channels_last) for channels_last in _layouts(net)]

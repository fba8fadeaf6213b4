"""The networks of cases/nets.py as PyTorch modules."""

from itertools import cycle
from typing import Any

import numpy as np
import torch
from torch import nn

from ...cases import nets as cases
from ...cases.nets import Conv, Dense, Flatten, Net, Pool
from .. import Array, Variant, as_arrays

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}


class FlattenChannelsLast(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


class Lstm(nn.Module):
    """The outputs of a module without its states: all steps, or the last of each direction."""

    def __init__(self, module: nn.LSTM, sequences: bool) -> None:
        super().__init__()
        self.module, self.sequences = module, sequences

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y, (h, _) = self.module(x)
        return y if self.sequences else h.transpose(0, 1).flatten(1)


def build(net: Net, weights: list[Array], channels_last: bool) -> nn.Sequential:
    modules: list[nn.Module] = []
    parameters = iter(torch.from_numpy(w) for w in weights)
    rows_of_dense: Any = slice(None)  # flattened NCHW has another order: permute the rows of the next dense layer
    for layer, shape in zip(net.layers, net.shapes(), strict=False):
        match layer:
            case Conv(filters, k, _, padding):
                conv = nn.Conv2d(shape[2], filters, k, padding=padding)
                conv.weight.data = next(parameters).permute(3, 2, 0, 1).contiguous()
                conv.bias.data = next(parameters).clone()
                modules.append(conv)
            case Pool(size):
                modules.append(nn.MaxPool2d(size))
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
            case cases.Embedding():
                modules.append(nn.Embedding.from_pretrained(next(parameters).clone(), freeze=False))
            case cases.Lstm(units, sequences, bidirectional):
                lstm = nn.LSTM(shape[1], units, batch_first=True, bidirectional=bidirectional)
                for direction in range(1 + bidirectional):
                    kernel, recurrent_kernel, bias = (next(parameters) for _ in range(3))
                    values = (kernel.T, recurrent_kernel.T, bias, torch.zeros_like(bias))
                    for parameter, value in zip(lstm.all_weights[direction], values, strict=True):
                        parameter.data = value.contiguous().clone()
                modules.append(Lstm(lstm, sequences))
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


class Trainer:
    def __init__(self, net: Net, weights: list[Array], channels_last: bool, optimizer_kind: str) -> None:
        self.model = build(net, weights, channels_last)
        options: dict[str, Any] = {optimizer_kind: True}
        self.optimizer = torch.optim.Adam(self.model.parameters(), 1e-3, eps=1e-7, **options)
        self.loss = nn.MSELoss() if net.loss == "mse" else nn.CrossEntropyLoss()
        self.name = f"{'channels_last' if channels_last else 'nchw'}, {optimizer_kind} Adam"

    def step(self, x: torch.Tensor, labels: torch.Tensor) -> float:
        self.optimizer.zero_grad(set_to_none=True)
        y = self.model(x)
        if labels.ndim == 2 and y.ndim == 3:
            y = y.movedim(-1, 1)  # CrossEntropyLoss: axis 1 has the classes
        loss = self.loss(y, labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def train(net: Net, weights: list[Array], x: list[Array], labels: list[Array]) -> list[Variant]:
    def variant(channels_last: bool, optimizer_kind: str) -> Variant:
        trainer = Trainer(net, weights, channels_last, optimizer_kind)
        inputs = [_input(batch, channels_last) for batch in x]
        batches = cycle(zip(inputs, map(torch.from_numpy, labels), strict=True))
        return Variant(lambda: trainer.step(*next(batches)), as_arrays, trainer.name)

    return [variant(channels_last, kind) for channels_last in _layouts(net) for kind in ("fused", "foreach")]


def fit(net: Net, weights: list[Array], x: Array, labels: Array) -> list[Variant]:
    """The usual loop over shuffled samples. A DataLoader is slower: it fetches them one by one."""

    def variant(channels_last: bool) -> Variant:
        trainer = Trainer(net, weights, channels_last, "fused")
        inputs, classes = _input(x, channels_last), torch.from_numpy(labels)

        def epoch() -> float:
            batches = torch.randperm(len(inputs)).split(net.batch)
            return sum(trainer.step(inputs[batch], classes[batch]) for batch in batches) / len(batches)

        return Variant(epoch, as_arrays, trainer.name)

    return [variant(channels_last) for channels_last in _layouts(net)]


def inference(net: Net, weights: list[Array], x: Array) -> list[Variant]:
    def variant(channels_last: bool) -> Variant:
        model = build(net, weights, channels_last).eval()
        images = _input(x, channels_last)

        @torch.inference_mode()
        def call() -> torch.Tensor:
            return model(images)

        return Variant(call, lambda y: [y.numpy()], "channels_last" if channels_last else "nchw")

    return [variant(channels_last) for channels_last in _layouts(net)]

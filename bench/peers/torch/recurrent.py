"""PyTorch's recurrent modules, time first: their fastest layout."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils import rnn

from .. import Array, Variant

MODULES = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def _reordered(w: Array, cell: str) -> Array:
    """The columns of the gates in PyTorch's order. The function is its own inverse."""
    if cell != "gru":
        return w
    z, r, n = np.split(w, 3, -1)
    return np.concatenate((r, z, n), -1)


def _module(cell: str, *directions: Sequence[Array]) -> Any:
    """directions: kernel, recurrent kernel and bias of each."""
    (kernel, recurrent_kernel, _), *_ = directions
    module = MODULES[cell](len(kernel), len(recurrent_kernel), bidirectional=len(directions) > 1)
    parameters = iter(module.parameters())
    for weights in directions:
        kernel, recurrent_kernel, bias = weights
        first, second = bias if bias.ndim == 2 else (bias, np.zeros_like(bias))
        for value in (kernel.T, recurrent_kernel.T, first, second):
            columns_last = _reordered(value.T, cell)
            next(parameters).data = torch.from_numpy(np.ascontiguousarray(columns_last.T))
    return module


def _batch_first(y: torch.Tensor) -> Array:
    return y.detach().transpose(0, 1).numpy()


def recurrent_inference(cell: str, x: Array, **weights: Array) -> list[Variant]:
    return bidirectional_inference(cell, x, [list(weights.values())])


def bidirectional_inference(cell: str, x: Array, directions: list[list[Array]]) -> list[Variant]:
    module = _module(cell, *directions).eval()
    tx = torch.from_numpy(x).transpose(0, 1).contiguous()

    @torch.inference_mode()
    def call() -> torch.Tensor:
        return module(tx)[0]

    def to_arrays(y: torch.Tensor) -> list[Array]:
        return [_batch_first(y)]

    return [Variant(call, to_arrays)]


def recurrent_train(cell: str, x: Array, dy: Array, **weights: Array) -> list[Variant]:
    return bidirectional_train(cell, x, [list(weights.values())], dy)


def bidirectional_train(cell: str, x: Array, directions: list[list[Array]], dy: Array) -> list[Variant]:
    return [_train(lambda module, tx, _: module(tx)[0], cell, x, dy, None, directions)]


def _train(
    outputs: Callable[..., torch.Tensor],
    cell: str,
    x: Array,
    dy: Array,
    lengths: torch.Tensor | None,
    directions: Sequence[Sequence[Array]],
    name: str = "",
) -> Variant:
    module = _module(cell, *directions)
    tx = torch.from_numpy(x).transpose(0, 1).contiguous().requires_grad_()
    tdy = torch.from_numpy(dy).transpose(0, 1).contiguous()
    inputs = [tx, *module.parameters()]

    def call() -> tuple[torch.Tensor, ...]:
        y = outputs(module, tx, lengths)
        return y, *torch.autograd.grad(y, inputs, tdy)

    def to_arrays(result: tuple[torch.Tensor, ...]) -> list[Array]:
        y, dx, *gradients = result
        arrays = [_batch_first(y), _batch_first(dx)]
        columns_last = [_reordered(g.numpy().T, cell) for g in gradients]
        for i in range(0, len(columns_last), 4):
            kernel, recurrent_kernel, first, second = columns_last[i : i + 4]
            arrays += [kernel, recurrent_kernel, np.stack((first, second)) if cell == "gru" else first]
        return arrays

    return Variant(call, to_arrays, name)


def lengths_inference(cell: str, x: Array, lengths: Array, **weights: Array) -> list[Variant]:
    module = _module(cell, tuple(weights.values())).eval()
    tx, tlengths = torch.from_numpy(x).transpose(0, 1).contiguous(), torch.from_numpy(lengths)

    @torch.inference_mode()
    def call() -> torch.Tensor:
        return _packed(module, tx, tlengths)

    return [Variant(call, lambda y: [_batch_first(y)], "packed")]


def lengths_train(cell: str, x: Array, dy: Array, lengths: Array, **weights: Array) -> list[Variant]:
    return [_train(_packed, cell, x, dy, torch.from_numpy(lengths), [tuple(weights.values())], "packed")]


def _packed(module: Any, tx: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The outputs, zero at padded steps."""
    packed = rnn.pack_padded_sequence(tx, lengths, enforce_sorted=False)
    return rnn.pad_packed_sequence(module(packed)[0], total_length=len(tx))[0]


def layer_step(cell: str, x: Array, **weights: Array) -> list[Variant]:
    """LSTMCell: PyTorch's fastest module for one step per call."""
    module = _module(cell, tuple(weights.values()))
    step = nn.LSTMCell(x.shape[2], module.hidden_size)
    step.load_state_dict({name.removesuffix("_l0"): value for name, value in module.state_dict().items()})
    tx = torch.from_numpy(x[:, 0])
    state = torch.zeros(2, len(x), module.hidden_size).unbind()

    @torch.inference_mode()
    def call() -> torch.Tensor:
        nonlocal state
        state = step(tx, state)
        return state[0]

    return [Variant(call, lambda h: [h.numpy()[:, None]], "LSTMCell")]
